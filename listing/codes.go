package listing

import (
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// What golang.org/x/text (v0.43.0, data of 2017) does not know: ISO 4217 codes that came later, and codes that stand for
// no money.
const (
	laterCurrencies = "MRU STN SLE UYW VED VES XAD XCG ZWG"
	noCurrencies    = "XTS XXX"
)

// notISO are codes that golang.org/x/text calls countries and ISO 3166-1 does not, or no longer: reserved ones, and those of
// countries that are gone. XK, which is the user's to assign, is Kosovo everywhere: marketplaces have it.
const notISO = "AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN YU"

// isCurrency tells whether s is an ISO 4217 code, of today or of the past: old listings have old prices.
func isCurrency(s string) bool {
	if !isCode(s, 3) || among(s, noCurrencies) {
		return false
	}
	_, err := currency.ParseISO(s)
	return err == nil || among(s, laterCurrencies)
}

// isRegion tells whether s is an ISO 3166-1 code of two letters.
func isRegion(s string) bool {
	if !isCode(s, 2) || among(s, notISO) {
		return false
	}
	r, err := language.ParseRegion(s)
	// What is another code's alias, such as UK, would be another region than the same one by its own code.
	return err == nil && r.IsCountry() && r.Canonicalize().String() == s
}

// isCode tells whether s is n upper-case letters: x/text takes lower-case ones as well.
func isCode(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// among tells whether a code is in a list of such, separated by spaces.
func among(code, list string) bool {
	return strings.Contains(" "+list+" ", " "+code+" ")
}
