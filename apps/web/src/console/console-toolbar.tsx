import { Link } from '@tanstack/react-router';
import { type ReactNode, type Ref, useEffect, useState } from 'react';
import { useFleet, useMay, useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { usePower } from '../operations/power-context.ts';
import { Icon } from '../ui/icon.tsx';
import { PowerShape } from '../ui/state-shape.tsx';
import { isFullScreen, toggleFullScreen } from './full-screen.ts';
import { KeysMenu } from './keys-menu.tsx';
import type { ConsoleHandle } from './use-console.ts';

export function ConsoleToolbar({
  ref,
  ...props
}: {
  readonly ref: Ref<HTMLDivElement>;
  readonly machineKey: string;
  readonly name: string;
  readonly handle: ConsoleHandle;
  readonly viewOnly: 'yes' | 'no';
  readonly onViewOnly: (viewOnly: 'yes' | 'no') => void;
  readonly scale: 'fit' | 'full';
  readonly onScale: (scale: 'fit' | 'full') => void;
  readonly isTyping: boolean;
  readonly onTyping: () => void;
}): ReactNode {
  const { machineKey, name, handle, viewOnly, scale } = props;
  const { screen, state } = handle;
  const machine = useFleet(`machine:${machineKey}`, (store) => store.machine(machineKey));
  const mayOperate = useMay('operator');
  const { notices } = useServices();
  const { t } = useWords();
  const power = usePower();
  const canType = screen !== null && viewOnly === 'no';

  const takePicture = async (): Promise<void> => {
    const picture = (await screen?.takePicture()) ?? null;
    if (picture === null) {
      notices.show({ kind: 'error', text: t('machines.screen_failed') });
      return;
    }
    const url = URL.createObjectURL(picture);
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, '_')}.png`;
    link.click();
    URL.revokeObjectURL(url);
  };

  return (
    <div ref={ref} className="console-toolbar" role="toolbar" aria-label={t('console.toolbar')}>
      <Link to="/" className="button quiet icon-button" aria-label={t('console.close')} title={t('console.close')}>
        <Icon name="back" />
      </Link>
      <span className="console-name" title={name}>
        {machine === undefined ? null : (
          <span className={`word power-${machine.power_state}`}>
            <PowerShape state={machine.power_state} />
            <span className="visually-hidden">{t(`power.${machine.power_state}`)}</span>
          </span>
        )}
        <span className="console-name-text">{name}</span>
      </span>
      <span className={`console-badge ${state.kind}`}>
        {t(
          state.kind === 'connected'
            ? 'console.connected'
            : state.kind === 'opening'
              ? 'console.connecting'
              : state.kind === 'waiting'
                ? 'console.lost'
                : 'console.ended',
        )}
      </span>
      <span className="console-tools">
        <KeysMenu screen={canType ? screen : null} />
        <button
          type="button"
          className="button"
          title={t('console.type_text')}
          aria-pressed={props.isTyping}
          disabled={!canType && !props.isTyping}
          onClick={props.onTyping}
        >
          <Icon name="text" />
          <span className="tool-word">{t('console.type_text')}</span>
        </button>
        <button
          type="button"
          className="button"
          aria-pressed={viewOnly === 'yes'}
          title={t('console.view_only_hint')}
          disabled={!mayOperate}
          onClick={() => props.onViewOnly(viewOnly === 'yes' ? 'no' : 'yes')}
        >
          <Icon name="eye" />
          <span className="tool-word">{t('console.view_only')}</span>
        </button>
        <button
          type="button"
          className="button"
          title={scale === 'fit' ? t('console.scale_full') : t('console.scale_fit')}
          onClick={() => props.onScale(scale === 'fit' ? 'full' : 'fit')}
        >
          <Icon name="search" />
          <span className="tool-word">{scale === 'fit' ? t('console.scale_full') : t('console.scale_fit')}</span>
        </button>
        <button
          type="button"
          className="button"
          title={t('console.screenshot')}
          disabled={screen === null}
          onClick={() => void takePicture()}
        >
          <Icon name="camera" />
          <span className="tool-word">{t('console.screenshot')}</span>
        </button>
        <button
          type="button"
          className="button"
          title={t('machines.power')}
          aria-haspopup="menu"
          onClick={(event) => power.openMenu(machineKey, event.currentTarget)}
        >
          <Icon name="power" />
          <span className="tool-word">{t('machines.power')}</span>
        </button>
        <FullScreenButton />
      </span>
    </div>
  );
}

function FullScreenButton(): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const [isFull, setFull] = useState(isFullScreen());
  useEffect(() => {
    const onChange = (): void => setFull(isFullScreen());
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, []);
  const toggle = async (): Promise<void> => {
    const outcome = await toggleFullScreen();
    if (outcome === 'entered-with-keys') notices.show({ kind: 'info', text: t('console.full_screen_hint') });
  };
  return (
    <button
      type="button"
      className="button"
      title={isFull ? t('console.leave_full_screen') : t('console.full_screen')}
      onClick={() => void toggle()}
    >
      <Icon name="expand" />
      <span className="tool-word">{isFull ? t('console.leave_full_screen') : t('console.full_screen')}</span>
    </button>
  );
}
