import type { PowerVerb } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useFleet } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { isStale } from '../machines/freshness.ts';
import { ScreenPicture } from '../machines/screen-picture.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';

/** Says what will happen, shows which machine it is, and admits when its state is not certain. */
export function PowerDialog(props: {
  readonly machineKey: string;
  readonly verb: PowerVerb;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}): ReactNode {
  const { machineKey, verb } = props;
  const machine = useFleet(`machine:${machineKey}`, (store) => store.machine(machineKey));
  const server = useFleet(`server:${machine?.server_id ?? ''}`, (store) => store.server(machine?.server_id ?? ''));
  const now = useNow(10_000);
  const { t, format } = useWords();
  if (machine === undefined || verb === 'power_on') return null;
  const dataAt = server?.data_at ?? null;
  return (
    <Dialog role="alertdialog" title={t('confirm.title', { verb: t(`verb.${verb}`), name: machine.name })} onClose={props.onClose}>
      {machine.screen_hash !== null && machine.power_state !== 'poweredOff' ? (
        <div className="dialog-screen">
          <ScreenPicture
            hash={machine.screen_hash}
            alt={t('confirm.screen', {
              name: machine.name,
              age: machine.screen_at === null ? '' : format.ago(now - Date.parse(machine.screen_at)),
            })}
          />
        </div>
      ) : null}
      <p>{t(`confirm.${verb}`)}</p>
      <p className="muted">{t('machines.on_server', { server: server?.name ?? machine.server_id })}</p>
      {isStale(server) ? (
        <p className="warn-line">
          <Icon name="alert" />
          <span>
            {dataAt === null
              ? t('confirm.stale_never')
              : t('confirm.stale', { state: t(`power.${machine.power_state}`), time: format.time(dataAt) })}
          </span>
        </p>
      ) : null}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={props.onClose} autoFocus>
          {t('app.cancel')}
        </button>
        <button type="button" className="button danger" onClick={props.onConfirm}>
          {t(`verb.${verb}`)}
        </button>
      </div>
    </Dialog>
  );
}
