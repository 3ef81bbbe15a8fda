import type { Operation, PowerVerb } from '@breakwater/contract';
import { type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { powerMachine, readOperation } from '../api/portal.ts';
import { type Services, useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { LazyPowerDialog, LazyPowerMenu, preloadOverlays } from '../ui/lazy-overlays.ts';
import { OperationToasts } from './operation-toasts.tsx';
import { PowerContext } from './power-context.ts';
import { needsConfirmation } from './power-verbs.ts';

/** Without a live stream, the outcome of an own act is asked for. */
const ASK_EVERY_MS = 1_500;

/** The first page is drawn before this. */
const OVERLAYS_LOADED_AFTER_MS = 1_000;

export function PowerProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { store, feed, notices, clock } = useServices();
  const { t } = useWords();
  const [menuKey, setMenuKey] = useState<string | null>(null);
  const [question, setQuestion] = useState<{ readonly key: string; readonly verb: PowerVerb } | null>(null);
  const [started, setStarted] = useState<readonly string[]>([]);
  const trigger = useRef<HTMLElement | null>(null);

  useEffect(() => {
    const timer = clock.after(OVERLAYS_LOADED_AFTER_MS, () => void preloadOverlays());
    return () => timer.cancel();
  }, [clock]);

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
      <Suspense fallback={null}>
        {menuKey === null ? null : (
          <LazyPowerMenu
            machineKey={menuKey}
            trigger={trigger}
            onClose={() => setMenuKey(null)}
            onChoose={(verb) => {
              setMenuKey(null);
              // The dialog opens after the menu has given the focus back, so that the dialog gives it back to the same place.
              requestAnimationFrame(() => control.request(menuKey, verb));
            }}
          />
        )}
        {question === null ? null : (
          <LazyPowerDialog
            machineKey={question.key}
            verb={question.verb}
            onClose={() => setQuestion(null)}
            onConfirm={() => {
              setQuestion(null);
              void send(question.key, question.verb);
            }}
          />
        )}
      </Suspense>
      <OperationToasts started={started} onDismiss={(id) => setStarted((old) => old.filter((known) => known !== id))} />
    </PowerContext>
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
