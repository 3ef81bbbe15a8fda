export type { PoolFigures, PresentedCertificate, TlsTrust, Transport, TransportRequest, TransportResponse } from './transport.ts';
