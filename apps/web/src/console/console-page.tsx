import { useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useFeedStatus, useFleet, useMay } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { toKey } from '../live/fleet-store.ts';
import { ConsoleCurtain } from './console-curtain.tsx';
import { ConsoleToolbar } from './console-toolbar.tsx';
import { SoftKeyboard } from './soft-keyboard.tsx';
import { TypeTextPanel } from './type-text-panel.tsx';
import { useConsole } from './use-console.ts';
import './console.css';

/** A machine's screen with keyboard and mouse, and nothing else around it. */
export function ConsolePage(): ReactNode {
  const { serverId, moid } = useParams({ from: '/signed-in/console/$serverId/$moid' });
  const key = toKey({ server_id: serverId, moid });
  const machine = useFleet(`machine:${key}`, (store) => store.machine(key));
  const feed = useFeedStatus();
  const mayOperate = useMay('operator');
  const { t } = useWords();
  const name = machine?.name ?? moid;
  const [chosen, setChosen] = useState<'yes' | 'no'>('no');
  const viewOnly = mayOperate ? chosen : 'yes';
  const [scale, setScale] = useState<'fit' | 'full'>('fit');
  const [isTyping, setTyping] = useState(false);
  const target = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const toolbar = useRef<HTMLDivElement>(null);
  const hintId = useId();
  const title = t('console.title', { name });
  useTitle(title);

  const handle = useConsole({
    machine: { server_id: serverId, moid },
    viewOnly,
    scale,
    label: t('console.canvas', { name }),
    describedBy: hintId,
    target,
    still,
    // The snapshot tells first whether the machine runs; when it does not come, the console is tried all the same.
    isReady: machine !== undefined || feed.kind !== 'starting',
  });
  const { screen, restart, end } = handle;

  const power = machine?.power_state;
  const lastPower = useRef(power);
  useEffect(() => {
    const before = lastPower.current;
    lastPower.current = power;
    if (before === power || before === undefined) return;
    if (power === 'poweredOff' || power === 'suspended') end('off');
    else if (power === 'poweredOn') restart();
  }, [power, end, restart]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey && event.altKey && event.shiftKey && event.code === 'KeyQ')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      screen?.releaseModifiers();
      toolbar.current?.querySelector<HTMLElement>('a, button')?.focus();
    };
    // In the capture phase, before noVNC sends the key to the machine.
    window.addEventListener('keydown', onKeyDown, { capture: true });
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true });
  }, [screen]);

  return (
    <div className="console-page">
      <header>
        <h1 className="visually-hidden">{title}</h1>
        <ConsoleToolbar
          ref={toolbar}
          machineKey={key}
          name={name}
          handle={handle}
          viewOnly={viewOnly}
          onViewOnly={setChosen}
          scale={scale}
          onScale={setScale}
          isTyping={isTyping}
          onTyping={() => setTyping(!isTyping)}
        />
      </header>
      <main className="console-main">
        <div className="console-stage" data-state={handle.state.kind} data-scale={scale}>
          <canvas ref={still} className="console-still" />
          <div ref={target} className="console-target" />
          <ConsoleCurtain handle={handle} machineKey={key} />
        </div>
        {isTyping ? <TypeTextPanel screen={viewOnly === 'yes' ? null : screen} machineKey={key} onClose={() => setTyping(false)} /> : null}
      </main>
      <footer>
        {viewOnly === 'yes' ? null : <SoftKeyboard screen={screen} />}
        <p id={hintId} className="console-hint">
          {window.isSecureContext ? null : <span>{t('console.insecure')} </span>}
          {t('console.canvas_hint')}
        </p>
      </footer>
    </div>
  );
}
