import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { usePreferences } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { MachineCard } from './machine-card.tsx';
import { useMachineActions } from './use-machine-actions.ts';
import type { MachineListing } from './use-machine-list.ts';
import { useVisibleReport } from './use-visible-report.ts';

const CARD_MIN_PX = { small: 200, medium: 252, large: 330 } as const;
const GAP_PX = 16;
/** What a card needs below its picture, measured; rows are measured again when they are drawn. */
const CARD_BODY_PX = 190;
/** Header and filters that stick to the top of the page. */
const STICKY_PX = 130;

export function MachineGrid({ items }: { readonly items: MachineListing['items'] }): ReactNode {
  const { t } = useWords();
  const { density } = usePreferences();
  const now = useNow(30_000);
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      setWidth(element.clientWidth);
      setTop(element.getBoundingClientRect().top + window.scrollY);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const columns = Math.max(1, Math.floor((width + GAP_PX) / (CARD_MIN_PX[density] + GAP_PX)));
  const rowCount = Math.ceil(items.length / columns);
  const cardWidth = (width - GAP_PX * (columns - 1)) / columns;
  const rows = useWindowVirtualizer({
    count: rowCount,
    estimateSize: () => (width <= 616 ? 190 : cardWidth * 0.625 + CARD_BODY_PX + GAP_PX),
    overscan: 2,
    scrollMargin: top,
    scrollPaddingStart: STICKY_PX,
    scrollPaddingEnd: 24,
  });
  const drawn = rows.getVirtualItems();
  const drawnItems = drawn.flatMap((row) => items.slice(row.index * columns, (row.index + 1) * columns));
  useVisibleReport(drawnItems.map((item) => item.key));
  const actions = useMachineActions({
    keys: items.map((item) => item.key),
    columns,
    rowsPerPage: () => Math.max(1, Math.floor(window.innerHeight / (rows.getTotalSize() / Math.max(1, rowCount)))),
    scrollToRow: (row) => rows.scrollToIndex(row, { align: 'auto' }),
  });

  return (
    <div ref={box} className="grid-box">
      {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid of cards has no table behind it. */}
      <div
        role="grid"
        tabIndex={-1}
        aria-label={t('machines.grid')}
        aria-rowcount={rowCount}
        aria-colcount={columns}
        className="machine-grid"
        data-density={density}
        style={{ height: rows.getTotalSize() }}
        onKeyDown={actions.onKeyDown}
        onClick={actions.onClick}
        onFocus={actions.onFocus}
      >
        {drawn.map((row) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the cells take the focus.
          // biome-ignore lint/a11y/useSemanticElements: see the grid above.
          <div
            key={row.key}
            role="row"
            aria-rowindex={row.index + 1}
            ref={rows.measureElement}
            data-index={row.index}
            className="grid-row"
            style={{ transform: `translateY(${row.start - top}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {items.slice(row.index * columns, (row.index + 1) * columns).map((item, index) => (
              <MachineCard
                key={item.key}
                cellKey={item.key}
                serverId={item.serverId}
                column={index + 1}
                isActive={item.key === actions.activeKey}
                now={now}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
