export { classifyTransportError } from './classify-transport-error.ts';
export { type CookieJar, createCookieJar } from './cookie-jar.ts';
export { computeWebSocketAccept, type DialUpgradeOptions, type DoorTrust, dialUpgrade, type UpgradedSocket } from './dial-upgrade.ts';
export { type OpenTransportOptions, openTransport } from './open-transport.ts';
export { type OpenWebSocketOptions, openWebSocket, type WebSocketClosing, type WebSocketLink } from './open-web-socket.ts';
export { type CertificateProbe, type ProbeOptions, type ProbeStep, probeCertificate } from './probe-certificate.ts';
export type { PoolFigures, PresentedCertificate, TlsTrust, Transport, TransportRequest, TransportResponse } from './transport.ts';
export type { TransportPhase } from './transport-error.ts';
export { withPipeline } from './with-pipeline.ts';
