import { type ReactNode, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import type { ResilienceFigures } from '../live/fleet-store.ts';
import { CopyField } from '../ui/copy-field.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { toDiagnosis } from './diagnosis.ts';

/** The figures of the moment in which it was opened, without names. */
export function DiagnosisDialog({ figures, onClose }: { readonly figures: ResilienceFigures; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const [text] = useState(() => toDiagnosis(figures));
  return (
    <Dialog title={t('health.copy_title')} size="wide" onClose={onClose}>
      <p className="muted">{t('health.copy_text')}</p>
      <div className="diagnosis">
        <CopyField label={t('health.copy_title')} text={text} takesFocus="yes" />
      </div>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {t('app.close')}
        </button>
      </div>
    </Dialog>
  );
}
