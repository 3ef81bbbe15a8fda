import { type ComponentProps, type ReactNode, useId } from 'react';

/** Label, control, hint and error, tied together for screen readers. */
export function Field(
  props: Omit<ComponentProps<'input'>, 'id'> & { readonly label: string; readonly hint?: ReactNode; readonly error?: string | null },
): ReactNode {
  const { label, hint, error, ...input } = props;
  const id = useId();
  const hasError = error !== undefined && error !== null;
  const described = [hint === undefined ? null : `${id}-hint`, hasError ? `${id}-error` : null].filter((part) => part !== null).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={hasError} aria-describedby={described === '' ? undefined : described} {...input} />
      {hint === undefined ? null : (
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      )}
      {hasError ? (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      ) : null}
    </div>
  );
}

export function CheckField(
  props: Omit<ComponentProps<'input'>, 'id' | 'type'> & { readonly label: string; readonly hint?: string },
): ReactNode {
  const { label, hint, ...input } = props;
  const id = useId();
  return (
    <div className="check-field">
      <input id={id} type="checkbox" aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...input} />
      <label htmlFor={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
