import { proofOf, showsFiles } from "../../plan/check-proof.ts";

/** UTF-16 units. nginx's files may have long tables of addresses. */
const MOST_SHOWN = 16 * 1024 * 1024;

/** What a check prints: the proof that it was complete and, of nginx, its files. Of anything else nothing is kept. */
export class CheckOutput {
  readonly #proof;
  readonly #keeps: boolean;
  readonly #lines: string[] = [];
  #length = 0;

  constructor(argv: readonly string[]) {
    this.#proof = proofOf(argv);
    this.#keeps = showsFiles(argv);
  }

  /** Whether a check that has ended with 0 by now was cut short. */
  get isCutShort(): boolean {
    return this.#proof.isCutShort;
  }

  /** Whether it has shown more than can be kept. */
  get isTooLong(): boolean {
    return this.#length > MOST_SHOWN;
  }

  /** nginx's files, as it has shown them. */
  get shown(): string {
    return this.isTooLong ? "" : this.#lines.join("\n");
  }

  line(text: string): void {
    this.#proof.line(text);
    if (!this.#keeps || this.isTooLong) return;
    this.#length += text.length + 1;
    if (this.isTooLong) this.#lines.length = 0;
    else this.#lines.push(text);
  }
}
