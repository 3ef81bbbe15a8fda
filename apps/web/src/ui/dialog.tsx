import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

/** A modal dialog. React Aria keeps the focus inside and gives it back at the end. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly size?: 'normal' | 'wide';
  readonly role?: 'dialog' | 'alertdialog';
}): ReactNode {
  return (
    <ModalOverlay
      className="modal-overlay"
      isOpen
      isDismissable={props.role !== 'alertdialog'}
      onOpenChange={(isOpen) => !isOpen && props.onClose()}
    >
      <Modal className={`modal ${props.size ?? 'normal'}`}>
        <AriaDialog className="dialog" role={props.role ?? 'dialog'}>
          <Heading slot="title">{props.title}</Heading>
          {props.children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
