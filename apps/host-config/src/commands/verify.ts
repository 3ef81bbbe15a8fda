import { type Console, toPrintable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { planSession, type Session, type SessionFlags } from '../open-session.ts';
import { count } from '../plan-text.ts';

/** Whether the host is as it shall be; reads only. */
export async function verifyHost(console: Console, session: Session, flags: SessionFlags): Promise<number> {
  const { modules, plan } = await planSession(session, flags);
  let drifted = 0;
  const tell = (module: string, check: { readonly title: string; readonly isOk: boolean; readonly text: string }): void => {
    if (!check.isOk) drifted++;
    console.record({ kind: 'verified', module, ...check });
    if (check.isOk) return;
    console.print(`${console.paint('bad', 'x')} ${module}: ${toPrintable(check.title)}: ${toPrintable(check.text)}`);
  };
  for (const module of plan.modules) {
    for (const { text } of module.findings.filter(({ severity }) => severity === 'error')) {
      tell(module.name, { title: 'settings', isOk: false, text });
    }
    for (const { outcome, title } of module.steps) {
      const text = outcome.kind === 'change' ? outcome.change.summary : outcome.kind === 'problem' ? outcome.text : '';
      tell(module.name, { title, isOk: outcome.kind === 'unchanged', text });
    }
    const own = session.settings.modules.find(({ name }) => name === module.name);
    const config = session.settings.resolved.moduleConfigs.get(module.name);
    for (const check of (await own?.verify?.(config, session.context)) ?? []) tell(module.name, check);
  }
  console.record({ kind: 'verification.ended', modules: modules.length, drifted });
  console.print(
    drifted === 0
      ? console.paint('good', `${count(modules.length, 'module')} as they shall be.`)
      : console.paint('bad', `${count(drifted, 'difference')}. "vps-configurator plan" shows them in full.`),
  );
  return drifted === 0 ? EXIT.ok : EXIT.failed;
}
