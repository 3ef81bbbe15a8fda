import type { PowerVerb } from '@breakwater/contract';
import type { ReactNode, RefObject } from 'react';
import { Menu, MenuItem, Popover } from 'react-aria-components';
import { useFleet, useMay } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { toVerbChoices } from './power-verbs.ts';

/** What may be asked of a machine, beside the button that was pressed. */
export function PowerMenu(props: {
  readonly machineKey: string;
  readonly trigger: RefObject<HTMLElement | null>;
  readonly onChoose: (verb: PowerVerb) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { machineKey } = props;
  const machine = useFleet(`machine:${machineKey}`, (store) => store.machine(machineKey));
  const mayOperate = useMay('operator');
  const { t } = useWords();
  if (machine === undefined) return null;
  const choices = toVerbChoices(machine);
  return (
    <Popover
      className="popover"
      aria-label={t('machines.power_of', { name: machine.name })}
      placement="bottom start"
      triggerRef={props.trigger}
      isOpen
      onOpenChange={(isOpen) => !isOpen && props.onClose()}
    >
      <Menu
        className="menu"
        aria-label={t('machines.power_of', { name: machine.name })}
        disabledKeys={choices.filter((choice) => !choice.isPossible || !mayOperate).map((choice) => choice.verb)}
        onAction={(key) => props.onChoose(key as PowerVerb)}
        autoFocus="first"
      >
        {choices.map(({ verb }) => (
          <MenuItem
            key={verb}
            id={verb}
            className={`menu-item ${verb === 'power_off' || verb === 'reset' ? 'danger' : ''}`}
            textValue={t(`verb.${verb}`)}
          >
            <span className="item-label">{t(`verb.${verb}`)}</span>
            <span className="item-hint">{mayOperate ? t(`verb_hint.${verb}`) : t('error.PORTAL_FORBIDDEN')}</span>
          </MenuItem>
        ))}
      </Menu>
    </Popover>
  );
}
