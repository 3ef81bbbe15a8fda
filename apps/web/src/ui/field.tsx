import { type ComponentProps, type ReactNode, useId } from 'react';

interface Labels {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
}

interface Ties {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string | undefined;
}

/** Label, control, hint and error, tied together for screen readers. */
export function Field(props: Omit<ComponentProps<'input'>, 'id'> & Labels): ReactNode {
  const { label, hint, error, ...input } = props;
  return (
    <Labelled label={label} hint={hint} error={error ?? null}>
      {(ties) => <input {...ties} {...input} />}
    </Labelled>
  );
}

export function SelectField(props: Omit<ComponentProps<'select'>, 'id'> & Labels): ReactNode {
  const { label, hint, error, ...select } = props;
  return (
    <Labelled label={label} hint={hint} error={error ?? null}>
      {(ties) => <select {...ties} {...select} />}
    </Labelled>
  );
}

/** For text with lines of its own: keys, configuration. */
export function TextAreaField(props: Omit<ComponentProps<'textarea'>, 'id'> & Labels): ReactNode {
  const { label, hint, error, ...area } = props;
  return (
    <Labelled label={label} hint={hint} error={error ?? null}>
      {(ties) => <textarea className="code-area" spellCheck={false} autoCapitalize="none" autoComplete="off" {...ties} {...area} />}
    </Labelled>
  );
}

function Labelled(props: {
  readonly label: string;
  readonly hint: ReactNode;
  readonly error: string | null;
  readonly children: (ties: Ties) => ReactNode;
}): ReactNode {
  const { label, hint, error, children } = props;
  const id = useId();
  const described = [hint === undefined ? null : `${id}-hint`, error === null ? null : `${id}-error`]
    .filter((part) => part !== null)
    .join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': error !== null, 'aria-describedby': described === '' ? undefined : described })}
      {hint === undefined ? null : (
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      )}
      {error === null ? null : (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export function CheckField(
  props: Omit<ComponentProps<'input'>, 'id' | 'type'> & { readonly label: string; readonly hint?: string; readonly error?: string | null },
): ReactNode {
  const { label, hint, error = null, ...input } = props;
  const id = useId();
  const described = [hint === undefined ? null : `${id}-hint`, error === null ? null : `${id}-error`]
    .filter((part) => part !== null)
    .join(' ');
  return (
    <div className="check-field">
      <input
        id={id}
        type="checkbox"
        aria-invalid={error === null ? undefined : true}
        aria-describedby={described === '' ? undefined : described}
        {...input}
      />
      <label htmlFor={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {error === null ? null : (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
