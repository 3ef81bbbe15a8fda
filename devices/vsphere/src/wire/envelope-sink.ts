import { type MethodName, SOAP_NAMESPACE, type Value } from '../schema/index.ts';
import type { Digest } from './digest.ts';
import { type FieldPlan, type Plan, type Plans, STRING } from './plans.ts';
import type { Tag } from './tag.ts';
import { ValueBuilder } from './value-builder.ts';
import { notSoap } from './wire-error.ts';
import type { XmlSink } from './xml-reader.ts';

/** A fault as the server tells it. Texts are for people only: decide by `type`. */
export interface SoapFault {
  /** Local name of the fault's type, for example `InvalidPowerState`. */
  readonly type: string;
  readonly message: string;
  /** Fields of the fault. */
  readonly detail: Value<'MethodFault'> & Readonly<Record<string, unknown>>;
}

export type Reply = { readonly kind: 'result'; readonly value: unknown } | { readonly kind: 'fault'; readonly fault: SoapFault };

type Place = 'document' | 'envelope' | 'body' | 'response' | 'fault' | 'detail' | 'ignored';

/** Finds the answer or the fault in an envelope and has it built. */
export class EnvelopeSink implements XmlSink {
  readonly #method: MethodName;
  readonly #result: FieldPlan | undefined;
  readonly #faultPlan: Plan;
  readonly #builder: ValueBuilder;
  readonly #places: Place[] = ['document'];
  #building: { readonly done: (value: unknown) => void } | undefined;

  #hasBody = false;
  #hasResponse = false;
  #hasFault = false;
  #values: unknown[] = [];
  #faultText = '';
  #faultType: string | undefined;
  #faultDetail: SoapFault['detail'] | undefined;

  constructor(options: { readonly method: MethodName; readonly plans: Plans; readonly digest?: Digest | undefined }) {
    this.#method = options.method;
    this.#result = options.plans.result(options.method);
    this.#faultPlan = options.plans.struct('MethodFault');
    this.#builder = new ValueBuilder({ plans: options.plans, digest: options.digest });
  }

  open(tag: Tag): boolean {
    if (this.#building !== undefined) return this.#builder.open(tag);
    switch (this.#places.at(-1) ?? 'ignored') {
      case 'document':
        if (!isSoap(tag, 'Envelope')) throw notSoap('The answer is no SOAP envelope.');
        return this.#enter('envelope');
      case 'envelope':
        if (!isSoap(tag, 'Body')) return this.#enter('ignored');
        this.#hasBody = true;
        return this.#enter('body');
      case 'body':
        return this.#openInBody(tag);
      case 'response':
        if (tag.local !== 'returnval' || this.#result === undefined) return this.#enter('ignored');
        return this.#build(tag, this.#result.plan, (value) => {
          if (value !== undefined) this.#values.push(value);
        });
      case 'fault':
        if (tag.local === 'detail') return this.#enter('detail');
        if (tag.local !== 'faultstring') return this.#enter('ignored');
        return this.#build(tag, STRING, (value) => {
          this.#faultText = typeof value === 'string' ? value : '';
        });
      case 'detail':
        if (this.#faultType !== undefined) return this.#enter('ignored');
        return this.#openFaultDetail(tag);
      case 'ignored':
        return this.#enter('ignored');
    }
  }

  close(text: string): void {
    if (this.#building === undefined) {
      this.#places.pop();
      return;
    }
    this.#builder.close(text);
    if (!this.#builder.isIdle) return;
    const { done } = this.#building;
    this.#building = undefined;
    done(this.#builder.take());
  }

  /** To be asked after the document has ended. */
  reply(): Reply {
    if (this.#hasFault) {
      return {
        kind: 'fault',
        fault: { type: this.#faultType ?? 'UnknownFault', message: this.#faultText, detail: this.#faultDetail ?? {} },
      };
    }
    if (!this.#hasBody || !this.#hasResponse) throw notSoap('The envelope holds no answer.');
    return { kind: 'result', value: this.#result?.isArray === true ? this.#values : this.#values[0] };
  }

  #openInBody(tag: Tag): boolean {
    if (isSoap(tag, 'Fault')) {
      this.#hasFault = true;
      return this.#enter('fault');
    }
    if (tag.local !== `${this.#method}Response`) throw notSoap('The envelope holds the answer to another call.');
    this.#hasResponse = true;
    return this.#enter('response');
  }

  #openFaultDetail(tag: Tag): boolean {
    const type = tag.xsiType ?? tag.local.replace(/Fault$/, '');
    this.#faultType = type;
    const typed = tag.xsiType === undefined ? { ...tag, xsiType: type } : tag;
    return this.#build(typed, this.#faultPlan, (value) => {
      this.#faultDetail = typeof value === 'object' && value !== null ? (value as SoapFault['detail']) : {};
    });
  }

  #enter(place: Place): false {
    this.#places.push(place);
    return false;
  }

  #build(tag: Tag, plan: Plan, done: (value: unknown) => void): boolean {
    this.#building = { done };
    return this.#builder.begin(tag, plan);
  }
}

function isSoap(tag: Tag, local: string): boolean {
  return tag.local === local && tag.namespace === SOAP_NAMESPACE;
}
