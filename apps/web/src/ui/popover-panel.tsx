import type { ReactNode, RefObject } from 'react';
import { Popover } from 'react-aria-components';

export interface PopoverPanelProps {
  readonly trigger: RefObject<HTMLElement | null>;
  readonly label: string;
  readonly placement: 'bottom start' | 'bottom end';
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A small dialog beside its trigger. React Aria places it, keeps the focus inside and gives it back. */
export function PopoverPanel({ trigger, label, placement, onClose, children }: PopoverPanelProps): ReactNode {
  return (
    <Popover
      className="popover"
      aria-label={label}
      placement={placement}
      triggerRef={trigger}
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
    >
      <div className="popover-dialog">{children}</div>
    </Popover>
  );
}
