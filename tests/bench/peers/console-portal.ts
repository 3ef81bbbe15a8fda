// The portal's own console proxy and nothing else around it, so that its figures are its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, toMoid, toServerId } from '@breakwater/kernel';
import { ConsoleSessions, createConsoleUpgradeHandler } from '@breakwater/portal/console';
import { reportMemory } from '../support/console-processes.ts';

const [port = '', fingerprint = ''] = process.argv.slice(2);
const ref = { serverId: toServerId('esxi-1'), moid: toMoid('12') };
const sessions = new ConsoleSessions({ clock: systemClock, unusedMs: 180_000, maxPerPrincipal: 10_000, maxPerServer: 10_000 });
const handler = createConsoleUpgradeHandler({
  sessions,
  clock: systemClock,
  authenticate: async () => ({ id: 'bench', may: () => true }),
  openConsole: async () => ({
    host: '127.0.0.1',
    port: Number(port),
    path: '/ticket/0123456789abcdef',
    protocol: 'binary',
    trust: { kind: 'sha256', fingerprint },
  }),
  checkTarget: () => undefined,
  refuse: (socket, error) => {
    console.error(error);
    socket.destroy();
  },
  ticketTimeoutMs: 60_000,
  idleMs: 1_800_000,
  maxMs: 43_200_000,
  onNews: () => undefined,
});
const server = createServer((_request, response) => {
  response.end(`/proxy/${sessions.create({ principalId: 'bench', ref, viewOnly: false }).id}`);
});
server.on('upgrade', handler.handle);
server.listen(0, '127.0.0.1', 511, () => process.send?.({ port: (server.address() as AddressInfo).port }));
reportMemory();
process.on('disconnect', () => process.exit());
