import { writeFile } from 'node:fs/promises';
import { countPlan } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import type { Console } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { planSession, type Session, type SessionFlags } from '../open-session.ts';
import { printPlan } from '../plan-text.ts';

export interface PlanFlags extends SessionFlags {
  readonly out?: string;
}

/** Shows what `apply` would do, and writes nothing on the host. */
export async function showPlan(console: Console, session: Session, flags: PlanFlags): Promise<number> {
  const { plan } = await planSession(session, flags);
  console.record({ kind: 'plan', plan });
  printPlan(console, plan);
  const { changes, dangers, problems, unchanged } = countPlan(plan);
  if (flags.out !== undefined) await savePlan(flags.out, plan);
  console.record({ kind: 'plan.ended', changes, unchanged, problems, dangers, hash: plan.hash });
  if (problems > 0) return EXIT.failed;
  return changes > 0 ? EXIT.changesPending : EXIT.ok;
}

async function savePlan(path: string, plan: unknown): Promise<void> {
  try {
    // What is planned may say much about a host.
    await writeFile(path, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OpsError({ code: 'HOST_USAGE_FILE', message: `The plan cannot be written to ${path}: ${why}`, cause: error });
  }
}
