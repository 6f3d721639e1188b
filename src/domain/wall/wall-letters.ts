/**
 * The smallest letters of the wall, as shares of the screen's height. A screen of 55 inches is 685 mm high: of
 * its 1080 rows a capital letter of 20 is 12.7 mm high, which from five metres is 8.7 minutes of arc. An eye of
 * 20/20 reads letters of 5 (Snellen), so this one is read with some 1.7 times less. Capitals of the usual typefaces
 * are 0.70 to 0.74 of the font's size.
 */
export const leastCapitalShare = 20 / 1080
/** Less than usual capitals, for typefaces with low ones. */
const capitalOfLetters = 0.66
/** Of a font's size; 2.8 vh in the templates. */
export const leastLetterShare = leastCapitalShare / capitalOfLetters
