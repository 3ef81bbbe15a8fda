import type { ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConsoleDoor } from './console-order.ts';
import { startListening, startNode, stopChild } from './console-processes.ts';

export type PeerName = 'direct' | 'ours' | 'nginx' | 'ws relay' | 'websockify';

export interface ConsolePeer {
  readonly name: PeerName;
  readonly door: ConsoleDoor;
  /** Null where there is no proxy. */
  readonly child: ChildProcess | null;
}

export interface ConsoleStage {
  readonly client: ChildProcess;
  readonly peer: (name: PeerName) => ConsolePeer;
  close(): Promise<void>;
}

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What an administrator writes who puts nginx in front of consoles; no option is set to slow it down. */
const writeNginxConfig = (folder: string, ports: { readonly own: number; readonly upstream: number }): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${ports.own} backlog=511;
    location / {
      proxy_pass https://127.0.0.1:${ports.upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "Upgrade";
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }
  }
}
`;

const peersFolder = new URL('../peers/', import.meta.url);

/** Starts the far end, the client and all proxies, each in a process of its own. */
export async function openConsoleStage(): Promise<ConsoleStage> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-consoles-'));
  const children: ChildProcess[] = [];
  const keep = <T extends ChildProcess>(child: T): T => {
    children.push(child);
    return child;
  };
  const close = async (): Promise<void> => {
    await Promise.all(children.map(stopChild));
    rmSync(folder, { recursive: true, force: true });
  };
  const node = async <T>(file: string, args: readonly string[] = []): Promise<{ readonly child: ChildProcess; readonly hello: T }> => {
    const started = await startNode<T>(new URL(file, peersFolder), args);
    keep(started.child);
    return started;
  };
  try {
    const farEnd = await node<{ readonly webSocketPort: number; readonly rawPort: number }>('console-far-end.ts');
    const { webSocketPort, rawPort } = farEnd.hello;
    const pem = readFileSync(new URL('../../../foundation/transport/fixtures/first.crt', import.meta.url));
    const client = await node('console-client.ts');
    const ours = await node<{ readonly port: number }>('console-portal.ts', [
      String(webSocketPort),
      new X509Certificate(pem).fingerprint256,
    ]);
    const relay = await node<{ readonly port: number }>('console-ws-relay.ts', [String(webSocketPort)]);
    const nginxPort = await findPort();
    writeFileSync(join(folder, 'nginx.conf'), writeNginxConfig(folder, { own: nginxPort, upstream: webSocketPort }));
    const nginx = keep(await startListening('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], nginxPort));
    const websockifyPort = await findPort();
    const websockify = keep(
      await startListening('websockify', ['--ssl-target', `127.0.0.1:${websockifyPort}`, `127.0.0.1:${rawPort}`], websockifyPort),
    );
    const behind = (name: PeerName, child: ChildProcess, port: number): ConsolePeer => ({
      name,
      child,
      door: { port, tls: false, session: name === 'ours' },
    });
    const peers: readonly ConsolePeer[] = [
      { name: 'direct', child: null, door: { port: webSocketPort, tls: true, session: false } },
      behind('ours', ours.child, ours.hello.port),
      behind('nginx', nginx, nginxPort),
      behind('ws relay', relay.child, relay.hello.port),
      behind('websockify', websockify, websockifyPort),
    ];
    return {
      client: client.child,
      peer: (name) => peers.find((one) => one.name === name) as ConsolePeer,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
