import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { LAYOUTS, type Layout, planTyping } from './key-layouts.ts';
import { readLayout, rememberLayout } from './layout-memory.ts';
import type { ScreenLink } from './screen-link.ts';
import { startTyping, type TypingRun } from './typing-run.ts';

const TEXT_MAX = 20_000;

/** Types a text key by key, which works where no clipboard does: in a boot menu, a login prompt, an installer. */
export function TypeTextPanel(props: {
  readonly screen: ScreenLink | null;
  readonly machineKey: string;
  readonly onClose: () => void;
}): ReactNode {
  const { screen, machineKey } = props;
  const { t, format } = useWords();
  const { clock } = useServices();
  const id = useId();
  const [text, setText] = useState('');
  const [layout, setLayout] = useState<Layout>(() => readLayout(machineKey));
  const [lineEnd, setLineEnd] = useState<'enter' | 'space'>('enter');
  const [isHidden, setHidden] = useState(false);
  const [progress, setProgress] = useState<{ readonly done: number; readonly total: number; readonly state: TypingRun['state'] } | null>(
    null,
  );
  const run = useRef<TypingRun | null>(null);
  useEffect(() => () => run.current?.stop(), [screen]);

  const plan = planTyping(text, { layout, lineEnd });
  const isTyping = progress?.state === 'typing';
  const send = (): void => {
    if (screen === null) return;
    run.current = startTyping(plan.strokes, { clock, type: (stroke) => screen.type(stroke), onProgress: setProgress });
  };

  return (
    <aside className="type-panel" aria-label={t('typing.title')}>
      <div className="panel-head">
        <h2>{t('typing.title')}</h2>
        <button type="button" className="button icon-button quiet" aria-label={t('app.close')} onClick={props.onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="field">
        <label htmlFor={`${id}-text`}>{t('typing.text')}</label>
        <textarea
          id={`${id}-text`}
          className={isHidden ? 'hidden-text' : ''}
          rows={6}
          maxLength={TEXT_MAX}
          spellCheck={false}
          autoComplete="off"
          value={text}
          disabled={isTyping}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <CheckField label={t('typing.hide')} checked={isHidden} onChange={(event) => setHidden(event.target.checked)} />
      <div className="field">
        <label htmlFor={`${id}-layout`}>{t('typing.layout')}</label>
        <select
          id={`${id}-layout`}
          value={layout}
          disabled={isTyping}
          onChange={(event) => {
            const chosen = LAYOUTS.find((candidate) => candidate === event.target.value) ?? 'us';
            setLayout(chosen);
            rememberLayout(machineKey, chosen);
          }}
        >
          {LAYOUTS.map((name) => (
            <option key={name} value={name}>
              {t(`typing.layout_${name}`)}
            </option>
          ))}
        </select>
        {layout === 'ru' ? <p className="hint">{t('typing.layout_ru_hint')}</p> : null}
      </div>
      <div className="field">
        <label htmlFor={`${id}-end`}>{t('typing.line_end')}</label>
        <select
          id={`${id}-end`}
          value={lineEnd}
          disabled={isTyping}
          onChange={(event) => setLineEnd(event.target.value === 'space' ? 'space' : 'enter')}
        >
          <option value="enter">{t('typing.line_end_enter')}</option>
          <option value="space">{t('typing.line_end_space')}</option>
        </select>
      </div>
      {plan.unsendable.length === 0 ? null : (
        <p className="warn-line" role="status">
          <Icon name="alert" />
          <span>{t('typing.unsendable', { characters: plan.unsendable.slice(0, 40).join(' ') })}</span>
        </p>
      )}
      <div className="button-row">
        {isTyping ? (
          <button type="button" className="button danger" onClick={() => run.current?.stop()}>
            {t('typing.stop')}
          </button>
        ) : (
          <button type="button" className="button primary" disabled={screen === null || plan.strokes.length === 0} onClick={send}>
            {t('typing.send', { count: plan.typedCount })}
          </button>
        )}
      </div>
      {progress === null ? null : (
        <div className="typing-progress">
          <progress max={progress.total} value={progress.done} aria-label={t('typing.title')} />
          <p role={isTyping ? undefined : 'status'}>
            {progress.state === 'done'
              ? t('typing.done')
              : t(progress.state === 'stopped' ? 'typing.stopped' : 'typing.progress', {
                  done: format.number(progress.done),
                  total: format.number(progress.total),
                })}
          </p>
        </div>
      )}
    </aside>
  );
}
