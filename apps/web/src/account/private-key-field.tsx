import { type ReactNode, useRef, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { TextAreaField } from '../ui/field.tsx';

/** As long as the API takes it. */
const MAX_CHARACTERS = 16_384;

/** A private key, pasted or read from its file. */
export function PrivateKeyField(props: {
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (key: string) => void;
}): ReactNode {
  const { t } = useWords();
  const picker = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MAX_CHARACTERS) {
      setProblem(t('host_login.file_too_large'));
      return;
    }
    setProblem(null);
    // Whoever is quicker than the disk must not send what stood here before.
    props.onChange('');
    props.onChange(await file.text());
  };
  return (
    <div className="key-field">
      <TextAreaField
        label={t('host_login.private_key')}
        hint={t('host_login.private_key_hint')}
        value={props.value}
        error={problem ?? props.error}
        maxLength={MAX_CHARACTERS}
        rows={5}
        placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
        onChange={(event) => {
          setProblem(null);
          props.onChange(event.target.value);
        }}
      />
      <input
        ref={picker}
        type="file"
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0]);
          // The same file may be chosen again.
          event.target.value = '';
        }}
      />
      <div>
        <button type="button" className="button small" onClick={() => picker.current?.click()}>
          {t('host_login.choose_file')}
        </button>
      </div>
    </div>
  );
}
