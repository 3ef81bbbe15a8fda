export { type ChannelListenerOptions, createChannelListener } from './create-channel-listener.ts';
