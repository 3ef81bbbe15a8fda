import type { Digest } from './digest.ts';
import type { FieldPlan, Plan, Plans } from './plans.ts';
import { SKIP, STRING } from './plans.ts';
import type { Tag } from './tag.ts';
import type { XmlSink } from './xml-reader.ts';

/** Fields kept of a type that the schema does not know. */
const OPEN_FIELDS = 32;

type Struct = Record<string, unknown>;

interface Frame {
  plan: Plan;
  /** Struct or list under construction. */
  value: Struct | unknown[] | undefined;
  /** Where the value goes in the parent. */
  field: string;
  isArray: boolean;
  isNil: boolean;
  /** Type of a reference, or the `xsi:type` of an untyped value. */
  type: string | undefined;
  hasChildren: boolean;
}

/** Builds the value of one element from the events of a reader, by plan. */
export class ValueBuilder implements XmlSink {
  readonly #plans: Plans;
  readonly #digest: Digest | undefined;
  readonly #frames: Frame[] = [];
  #depth = 0;
  #result: unknown;

  constructor(options: { readonly plans: Plans; readonly digest: Digest | undefined }) {
    this.#plans = options.plans;
    this.#digest = options.digest;
  }

  /** Everything opened is closed. */
  get isIdle(): boolean {
    return this.#depth === 0;
  }

  /** The value of the element that was begun with `begin` and has been closed. */
  take(): unknown {
    const result = this.#result;
    this.#result = undefined;
    return result;
  }

  begin(tag: Tag, plan: Plan): boolean {
    return this.#push(tag, { plan, field: '', isArray: false });
  }

  open(tag: Tag): boolean {
    const parent = this.#frames[this.#depth - 1] as Frame;
    parent.hasChildren = true;
    const { plan } = parent;
    if (plan.kind === 'struct') {
      const field = plan.fields.get(tag.local);
      if (field !== undefined) return this.#push(tag, { plan: field.plan, field: field.name, isArray: field.isArray });
      return this.#push(tag, plan.opened === undefined && canHoldMore(parent) ? textField(tag.local) : SKIPPED);
    }
    if (plan.kind === 'list') return this.#push(tag, { plan: plan.item, field: '', isArray: true });
    if (plan.kind === 'any' && parent.type !== undefined && canHoldMore(parent)) return this.#push(tag, textField(tag.local));
    return this.#push(tag, SKIPPED);
  }

  close(text: string): void {
    const frame = this.#frames[--this.#depth] as Frame;
    const value = frame.isNil ? undefined : this.#digested(frame, toValue(frame, text));
    frame.value = undefined;
    if (this.#depth === 0) {
      this.#result = value;
      return;
    }
    if (value === undefined) return;
    const parent = this.#frames[this.#depth - 1] as Frame;
    if (parent.plan.kind === 'list') (parent.value as unknown[]).push(value);
    else store(parent, frame, value);
  }

  #digested({ plan }: Frame, value: unknown): unknown {
    if (this.#digest === undefined || plan.kind !== 'struct' || !plan.family.has(this.#digest.type)) return value;
    return this.#digest.toKept(value as Struct);
  }

  #push(tag: Tag, target: Pick<FieldPlan, 'plan' | 'isArray'> & { readonly field: string }): boolean {
    const frame = this.#frame();
    const plan = tag.xsiType === undefined ? target.plan : this.#plans.resolve(target.plan, tag.xsiType);
    frame.plan = plan;
    frame.field = target.field;
    frame.isArray = target.isArray;
    frame.isNil = tag.isNil;
    frame.hasChildren = false;
    frame.value = undefined;
    frame.type = plan.kind === 'moref' ? tag.type : tag.xsiType;
    if (plan.kind === 'struct') frame.value = tag.xsiType === undefined ? {} : { $type: tag.xsiType };
    else if (plan.kind === 'list') frame.value = [];
    return plan.kind === 'leaf' || plan.kind === 'moref' || plan.kind === 'any';
  }

  #frame(): Frame {
    const at = this.#depth++;
    const known = this.#frames[at];
    if (known !== undefined) return known;
    const fresh: Frame = {
      plan: SKIP,
      value: undefined,
      field: '',
      isArray: false,
      isNil: false,
      type: undefined,
      hasChildren: false,
    };
    this.#frames.push(fresh);
    return fresh;
  }
}

const SKIPPED = { plan: SKIP, field: '', isArray: false } as const;

function textField(local: string): { readonly plan: Plan; readonly field: string; readonly isArray: boolean } {
  // As an own key this name would replace the object's prototype.
  if (local === '__proto__') return SKIPPED;
  return { plan: STRING, field: local, isArray: false };
}

function canHoldMore(frame: Frame): boolean {
  return frame.value === undefined || Object.keys(frame.value).length < OPEN_FIELDS;
}

function toValue(frame: Frame, text: string): unknown {
  switch (frame.plan.kind) {
    case 'leaf':
      // Children where text belongs: the element is not what the schema says, so it has no value.
      return frame.hasChildren ? undefined : frame.plan.convert(text);
    case 'moref':
      return frame.hasChildren ? undefined : { type: frame.type ?? '', value: text };
    case 'any':
      if (frame.hasChildren) return frame.value ?? (frame.type === undefined ? undefined : { $type: frame.type });
      return frame.type === undefined || text !== '' ? text : { $type: frame.type };
    case 'struct':
    case 'list':
      return frame.value;
    case 'skip':
      return undefined;
  }
}

function store(parent: Frame, frame: Frame, value: unknown): void {
  if (parent.plan.kind === 'any') {
    parent.value ??= { $type: parent.type };
  } else if (parent.plan.kind !== 'struct') return;
  const struct = parent.value as Struct;
  if (!frame.isArray) {
    struct[frame.field] = value;
    return;
  }
  const known = struct[frame.field];
  if (known === undefined) struct[frame.field] = [value];
  else (known as unknown[]).push(value);
}
