import { changed, type TextChanges } from './changes.ts'
import ar from './ar.json' with { type: 'json' }
import de from './de.json' with { type: 'json' }
import en from './en.json' with { type: 'json' }
import es from './es.json' with { type: 'json' }
import fr from './fr.json' with { type: 'json' }
import it from './it.json' with { type: 'json' }
import ja from './ja.json' with { type: 'json' }
import nl from './nl.json' with { type: 'json' }
import ptBr from './pt-BR.json' with { type: 'json' }
import ru from './ru.json' with { type: 'json' }
import type { Texts } from '../texts.ts'

/** What a file holds: the direction is that of its language. */
type OwnTexts = Omit<Texts, 'dir'>

/** One that lacks a text would say it in English; `test/texts.test.ts` sees to it that none does. */
const files: (TextChanges[string] & Pick<Texts, 'lang'>)[] = [
  ar,
  de,
  en,
  es,
  fr,
  it,
  ja,
  nl,
  ptBr,
  ru,
]

export const english: OwnTexts = en

/** Our texts by language: whole in each. */
export const languages: readonly OwnTexts[] = files.map((texts) => changed(english, texts))
