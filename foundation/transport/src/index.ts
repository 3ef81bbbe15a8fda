export { type OpenTransportOptions, openTransport } from './open-transport.ts';
export type { PoolFigures, PresentedCertificate, TlsTrust, Transport, TransportRequest, TransportResponse } from './transport.ts';
export type { TransportPhase } from './transport-error.ts';
