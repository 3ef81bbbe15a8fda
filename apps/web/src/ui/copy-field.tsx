import { type ReactNode, useId, useRef, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';

/** In the narrowest dialog. */
const CHARACTERS_PER_ROW = 36;

type Copied = 'not yet' | 'done' | 'refused';

/** A text to take away, with a button that copies it. */
export function CopyField(props: {
  readonly label: string;
  readonly text: string;
  /** Where a form has gone and left the focus nowhere, the button takes it. */
  readonly takesFocus: 'yes' | 'no';
}): ReactNode {
  const { label, text, takesFocus } = props;
  const { t } = useWords();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<Copied>('not yet');
  const copy = async (): Promise<void> => {
    if (area.current !== null) setCopied((await copyText(area.current)) ? 'done' : 'refused');
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="copy-field">
        <textarea
          id={id}
          ref={area}
          className="copy-text"
          rows={Math.ceil(text.length / CHARACTERS_PER_ROW)}
          readOnly
          spellCheck={false}
          value={text}
          onFocus={(event) => event.target.select()}
        />
        <button
          type="button"
          className="button"
          // biome-ignore lint/a11y/noAutofocus: see `takesFocus`.
          autoFocus={takesFocus === 'yes'}
          aria-label={t('account.copy_of', { what: label })}
          onClick={() => void copy()}
        >
          {t('account.copy')}
        </button>
      </div>
      <p role="status" className="hint">
        {copied === 'not yet' ? '' : copied === 'done' ? t('account.copied') : t('account.copy_by_hand')}
      </p>
    </div>
  );
}

/** The clipboard exists on HTTPS and localhost only; many portals stand on plain HTTP inside a network. */
async function copyText(area: HTMLTextAreaElement): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(area.value);
      return true;
    } catch (error) {
      console.warn('the clipboard was refused', error);
    }
  }
  area.focus();
  area.select();
  return document.execCommand('copy');
}
