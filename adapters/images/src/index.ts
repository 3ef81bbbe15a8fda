export { createSharpScreenEncoder, type SharpScreenEncoderOptions } from './sharp-screen-encoder.ts';
