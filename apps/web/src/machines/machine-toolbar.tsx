import type { PowerState } from '@breakwater/contract';
import { type ReactNode, useEffect, useEffectEvent, useId, useRef, useState } from 'react';
import type { MachinesSearch } from '../app/machines-search.ts';
import { useFleet, usePreferences, useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { PowerShape } from '../ui/state-shape.tsx';
import { SentTexts } from './sent-texts.ts';
import { SORT_KEYS, type SortKey } from './sort.ts';

const STATES: readonly PowerState[] = ['poweredOn', 'poweredOff', 'suspended'];
/** The list follows the typing, the address a moment later. */
const TYPING_PAUSE_MS = 120;

export function MachineToolbar(props: {
  readonly search: MachinesSearch;
  readonly unknown: readonly string[];
  readonly count: string;
  readonly onChange: (part: Partial<MachinesSearch>) => void;
}): ReactNode {
  const { search, onChange } = props;
  const { t, format } = useWords();
  const { preferences } = useServices();
  const { view } = usePreferences();
  const servers = useFleet('servers', (store) => store.servers());
  const id = useId();
  return (
    <search className="toolbar" aria-label={t('machines.search')}>
      <SearchField value={search.q} onChange={(q) => onChange({ q })} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in the same line. */}
      <div className="filter-chips" role="group" aria-label={t('machines.filter_state')}>
        {STATES.map((state) => {
          const isOn = search.state.includes(state);
          return (
            <button
              key={state}
              type="button"
              className="filter-chip"
              aria-pressed={isOn}
              onClick={() => onChange({ state: isOn ? search.state.filter((other) => other !== state) : [...search.state, state] })}
            >
              <PowerShape state={state} />
              {t(`power.${state}`)}
            </button>
          );
        })}
      </div>
      <div className="select-field">
        <label htmlFor={`${id}-server`} className="visually-hidden">
          {t('machines.filter_server')}
        </label>
        <select id={`${id}-server`} value={search.server} onChange={(event) => onChange({ server: event.target.value })}>
          <option value="">{t('machines.any_server')}</option>
          {servers
            .toSorted((left, right) => format.collator.compare(left.name, right.name))
            .map((server) => (
              <option key={server.id} value={server.id}>
                {server.name}
              </option>
            ))}
        </select>
      </div>
      <div className="select-field">
        <label htmlFor={`${id}-sort`} className="visually-hidden">
          {t('machines.sort')}
        </label>
        <select id={`${id}-sort`} value={search.sort} onChange={(event) => onChange({ sort: event.target.value as SortKey })}>
          {SORT_KEYS.map((key) => (
            <option key={key} value={key}>
              {t('machines.sort')}: {t(`machines.sort_${key}`)}
            </option>
          ))}
        </select>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above. */}
      <div className="segmented" role="group" aria-label={t('machines.view')}>
        {(['grid', 'list'] as const).map((kind) => (
          <button
            key={kind}
            type="button"
            className="button icon-button"
            aria-pressed={view === kind}
            aria-label={t(`machines.view_${kind}`)}
            title={t(`machines.view_${kind}`)}
            onClick={() => preferences.change({ view: kind })}
          >
            <Icon name={kind} />
          </button>
        ))}
      </div>
      <p className="toolbar-count muted">{props.count}</p>
      {props.unknown.length === 0 ? null : (
        <p className="search-unknown" role="status">
          <Icon name="alert" />
          {t('machines.search_unknown', { terms: props.unknown.join(', ') })}
        </p>
      )}
    </search>
  );
}

function SearchField(props: { readonly value: string; readonly onChange: (text: string) => void }): ReactNode {
  const { t } = useWords();
  const { clock } = useServices();
  const id = useId();
  const [text, setText] = useState(props.value);
  const echoes = useRef(new SentTexts(props.value));
  const onChange = useEffectEvent(props.onChange);

  useEffect(() => {
    const isEcho = echoes.current.isEcho(props.value);
    if (!isEcho) setText(props.value);
  }, [props.value]);

  useEffect(() => {
    if (text === echoes.current.latest) return;
    const timer = clock.after(TYPING_PAUSE_MS, () => {
      echoes.current.send(text);
      onChange(text);
    });
    return () => timer.cancel();
  }, [text, clock]);

  return (
    <div className="search-field">
      <Icon name="search" />
      <label htmlFor={id} className="visually-hidden">
        {t('machines.search')}
      </label>
      <input
        id={id}
        type="search"
        data-search-field
        value={text}
        placeholder={t('machines.search_placeholder')}
        aria-describedby={`${id}-help`}
        autoComplete="off"
        spellCheck={false}
        maxLength={500}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && text !== '') {
            event.preventDefault();
            setText('');
          }
        }}
      />
      {text === '' ? null : (
        <button type="button" className="button icon-button quiet" aria-label={t('machines.clear_search')} onClick={() => setText('')}>
          <Icon name="close" />
        </button>
      )}
      <p id={`${id}-help`} className="search-help">
        {t('machines.search_help')}
      </p>
    </div>
  );
}
