import type { ReactNode } from 'react';
import { Field } from './field.tsx';

interface Part {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (value: string) => void;
}

/** Host and port, side by side where there is room. */
export function AddressFields({ host, port }: { readonly host: Part; readonly port: Part }): ReactNode {
  return (
    <div className="field-pair">
      <Field
        label={host.label}
        hint={host.hint}
        value={host.value}
        error={host.error}
        maxLength={253}
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => host.onChange(event.target.value)}
      />
      <Field
        label={port.label}
        hint={port.hint}
        value={port.value}
        error={port.error}
        inputMode="numeric"
        maxLength={5}
        onChange={(event) => port.onChange(event.target.value)}
      />
    </div>
  );
}
