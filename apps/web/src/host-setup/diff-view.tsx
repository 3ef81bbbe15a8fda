import { type ReactNode, useMemo } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { countDiff, type DiffLine, toDiffLines } from './diff-lines.ts';

const SIGNS = { added: '+', removed: '−', place: ' ', same: ' ' } as const;

/** What changes in one file. Signs and the tags for insertions and deletions say the same as the colours. */
export function DiffView(props: {
  readonly path: string;
  readonly action: 'create' | 'change' | 'remove';
  readonly diff: string;
  readonly isCut: boolean;
}): ReactNode {
  const { t } = useWords();
  const lines = useMemo(() => toDiffLines(props.diff), [props.diff]);
  const { added, removed } = countDiff(lines);
  const title = (
    <>
      {t(`host_file.${props.action}`)} <code>{props.path}</code>
    </>
  );
  if (lines.length === 0) return <p>{title}</p>;
  return (
    <details className="fold">
      <summary>
        {title} <span className="muted">{t('host_plan.diff_size', { added, removed })}</span>
      </summary>
      <div className="diff">
        {lines.map((line, index) => (
          // Lines of one text have no other name, and it never changes.
          <DiffRow key={index} line={line} />
        ))}
      </div>
      {props.isCut ? <p className="muted small-text">{t('host_plan.diff_cut')}</p> : null}
    </details>
  );
}

function DiffRow({ line }: { readonly line: DiffLine }): ReactNode {
  const text = line.text === '' ? ' ' : line.text;
  return (
    <div className={`diff-line ${line.kind}`}>
      <span className="diff-sign">{SIGNS[line.kind]}</span>
      {line.kind === 'added' ? <ins>{text}</ins> : line.kind === 'removed' ? <del>{text}</del> : <span>{text}</span>}
    </div>
  );
}
