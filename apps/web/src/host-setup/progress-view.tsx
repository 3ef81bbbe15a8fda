import type { HostSetup, Operation } from '@breakwater/contract';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { createCalmVoice } from './calm-voice.ts';
import { CancelButton } from './cancel-button.tsx';
import { describeProgress } from './describe-progress.ts';
import { readProgress } from './read-progress.ts';

const SPEAK_EVERY_MS = 5_000;

/** What is being done at this moment, told by the event stream. */
export function ProgressView(props: { readonly setup: HostSetup; readonly operation: Operation | undefined }): ReactNode {
  const { operation, setup } = props;
  const { t } = useWords();
  const progress = operation === undefined ? null : readProgress(operation);
  const words = progress === null ? t(`host_state.${setup.state}`) : describeProgress(t, progress);
  const total = progress?.steps_total ?? 0;
  const lines = progress?.lines ?? [];
  return (
    <section className="panel progress-view" aria-labelledby="progress-title">
      <div className="server-head">
        <h2 id="progress-title">{t(`host_state.${setup.state}`)}</h2>
        {setup.actions.includes('cancel') ? <CancelButton setup={setup} /> : null}
      </div>
      <p className="progress-words">{words}</p>
      <progress
        aria-label={t('operation.progress', { name: setup.machine_name })}
        max={total === 0 ? undefined : total}
        value={total === 0 ? undefined : (progress?.steps_done ?? 0)}
      />
      {lines.length === 0 ? null : (
        <section className="told-lines" aria-label={t('host_progress.lines')} lang="en">
          {lines.map((line, index) => (
            // The same line may be told twice.
            <p key={index}>{line}</p>
          ))}
        </section>
      )}
      <Spoken text={[words, lines.at(-1)].filter((part) => part !== undefined).join('. ')} />
    </section>
  );
}

/** For screen readers: the newest only, now and then, because lines come faster than they can be read out. */
function Spoken({ text }: { readonly text: string }): ReactNode {
  const { clock } = useServices();
  const { t } = useWords();
  const [said, setSaid] = useState('');
  const voice = useRef<ReturnType<typeof createCalmVoice>>(null);
  useEffect(() => {
    const made = createCalmVoice({ clock, everyMs: SPEAK_EVERY_MS, say: setSaid });
    voice.current = made;
    return () => made.stop();
  }, [clock]);
  useEffect(() => voice.current?.tell(text), [text]);
  return (
    <div role="log" aria-live="polite" aria-label={t('host_progress.log')} className="visually-hidden">
      {said}
    </div>
  );
}
