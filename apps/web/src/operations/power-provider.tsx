import type { Operation, PowerVerb } from '@breakwater/contract';
import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react';
import { Menu, MenuItem, Popover, Text } from 'react-aria-components';
import { powerMachine, readOperation } from '../api/portal.ts';
import { type Services, useFleet, useMay, useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { OperationToasts } from './operation-toasts.tsx';
import { PowerContext } from './power-context.ts';
import { PowerDialog } from './power-dialog.tsx';
import { needsConfirmation, toVerbChoices } from './power-verbs.ts';

/** Without a live stream, the outcome of an own act is asked for. */
const ASK_EVERY_MS = 1_500;

export function PowerProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { store, feed, notices, clock } = useServices();
  const { t } = useWords();
  const [menuKey, setMenuKey] = useState<string | null>(null);
  const [question, setQuestion] = useState<{ readonly key: string; readonly verb: PowerVerb } | null>(null);
  const [started, setStarted] = useState<readonly string[]>([]);
  const trigger = useRef<HTMLElement | null>(null);

  const follow = useCallback((operation: Operation) => followOperation(operation, { store, feed, clock }), [store, feed, clock]);

  const send = useCallback(
    async (key: string, verb: PowerVerb) => {
      const machine = store.machine(key);
      if (machine === undefined) return;
      try {
        const operation = await powerMachine(machine, verb);
        follow(operation);
        setStarted((old) => [...old.filter((id) => id !== operation.id), operation.id].slice(-4));
        notices.announce(t('operation.sent', { verb: t(`verb.${verb}`), name: machine.name }));
      } catch (error) {
        notices.show({
          kind: 'error',
          text: `${t('confirm.title', { verb: t(`verb.${verb}`), name: machine.name })} ${describeError(t, error)}`,
        });
      }
    },
    [store, notices, follow, t],
  );

  const control = useMemo(
    () => ({
      openMenu(key: string, element: HTMLElement) {
        trigger.current = element;
        setMenuKey(key);
      },
      request(key: string, verb: PowerVerb) {
        if (needsConfirmation(verb)) setQuestion({ key, verb });
        else void send(key, verb);
      },
    }),
    [send],
  );

  return (
    <PowerContext value={control}>
      {children}
      <Popover
        className="popover"
        placement="bottom start"
        triggerRef={trigger}
        isOpen={menuKey !== null}
        onOpenChange={(isOpen) => !isOpen && setMenuKey(null)}
      >
        {menuKey === null ? null : (
          <PowerMenu
            machineKey={menuKey}
            onChoose={(verb) => {
              setMenuKey(null);
              // The dialog opens after the menu has given the focus back, so that the dialog gives it back to the same place.
              const key = menuKey;
              requestAnimationFrame(() => control.request(key, verb));
            }}
          />
        )}
      </Popover>
      {question === null ? null : (
        <PowerDialog
          machineKey={question.key}
          verb={question.verb}
          onClose={() => setQuestion(null)}
          onConfirm={() => {
            setQuestion(null);
            void send(question.key, question.verb);
          }}
        />
      )}
      <OperationToasts started={started} onDismiss={(id) => setStarted((old) => old.filter((known) => known !== id))} />
    </PowerContext>
  );
}

function PowerMenu({ machineKey, onChoose }: { readonly machineKey: string; readonly onChoose: (verb: PowerVerb) => void }): ReactNode {
  const machine = useFleet(`machine:${machineKey}`, (store) => store.machine(machineKey));
  const mayOperate = useMay('operator');
  const { t } = useWords();
  if (machine === undefined) return null;
  const choices = toVerbChoices(machine);
  return (
    <Menu
      className="menu"
      aria-label={t('machines.power_of', { name: machine.name })}
      disabledKeys={choices.filter((choice) => !choice.isPossible || !mayOperate).map((choice) => choice.verb)}
      onAction={(key) => onChoose(key as PowerVerb)}
      autoFocus="first"
    >
      {choices.map(({ verb }) => (
        <MenuItem
          key={verb}
          id={verb}
          className={`menu-item ${verb === 'power_off' || verb === 'reset' ? 'danger' : ''}`}
          textValue={t(`verb.${verb}`)}
        >
          <Text slot="label">{t(`verb.${verb}`)}</Text>
          <Text slot="description">{mayOperate ? t(`verb_hint.${verb}`) : t('error.PORTAL_FORBIDDEN')}</Text>
        </MenuItem>
      ))}
    </Menu>
  );
}

/** The stream tells how an operation goes on; while there is none, it is asked for. */
function followOperation(operation: Operation, services: Pick<Services, 'store' | 'feed' | 'clock'>): void {
  const { store, feed, clock } = services;
  store.putOperation(operation);
  if (operation.state !== 'queued' && operation.state !== 'running') return;
  clock.after(ASK_EVERY_MS, () => {
    const known = store.operations().find((candidate) => candidate.id === operation.id) ?? operation;
    if (feed.status().kind === 'live') followOperation(known, services);
    else {
      readOperation(operation.id).then(
        (next) => followOperation(next, services),
        // A failed question is no news about the act: ask again.
        () => followOperation(known, services),
      );
    }
  });
}
