import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** PEM. */
  readonly cert: string;
  /** `name`: of the subject, `IP:127.0.0.1` or `DNS:example.org`. A negative number of days makes one that has expired. */
  issue(name: string, days: number): Certificate;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;

/** An authority of its own, by openssl, as an administrator would make one. Its files lie in `folder`. */
export function createAuthority(folder: string): Authority {
  const at = (name: string): string => join(folder, name);
  let issued = 0;
  runTool(['openssl', 'req', '-x509', ...EC, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=Bed authority']);
  return {
    cert: readFileSync(at('ca.pem'), 'utf8'),
    issue(name, days) {
      const id = `issued-${++issued}`;
      writeFileSync(at(`${id}.ext`), `subjectAltName=${name}\n`);
      runTool(['openssl', 'req', ...EC, '-keyout', at(`${id}.key`), '-out', at(`${id}.csr`), '-subj', '/CN=bed']);
      const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', String(days), '-extfile', at(`${id}.ext`)];
      runTool(['openssl', 'x509', '-req', '-in', at(`${id}.csr`), ...signing, '-out', at(`${id}.pem`)]);
      return { key: readFileSync(at(`${id}.key`), 'utf8'), cert: readFileSync(at(`${id}.pem`), 'utf8') };
    },
  };
}
