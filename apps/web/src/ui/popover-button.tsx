import { type ReactNode, Suspense, useRef, useState } from 'react';
import { LazyPopoverPanel } from './lazy-overlays.ts';

/** A button with a small dialog beside it. */
export function PopoverButton(props: {
  readonly label: string;
  readonly title: string;
  readonly children: ReactNode;
  readonly content: (close: () => void) => ReactNode;
}): ReactNode {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button
        ref={trigger}
        type="button"
        className="button quiet"
        aria-label={props.label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {props.children}
      </button>
      {isOpen ? (
        <Suspense fallback={null}>
          <LazyPopoverPanel trigger={trigger} label={props.title} placement="bottom end" onClose={close}>
            {props.content(close)}
          </LazyPopoverPanel>
        </Suspense>
      ) : null}
    </>
  );
}
