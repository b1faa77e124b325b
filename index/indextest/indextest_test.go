package indextest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// bugEnv names the bug that the child process of TestRunFindsBugs has.
const bugEnv = "INDEXTEST_BUG"

func place(testing.TB) Place { return &ram{bug: os.Getenv(bugEnv)} }

func TestRunPassesSoundEngine(t *testing.T) { Run(t, place) }

// TestRunFindsBugs runs the suite in a process of its own for each bug, which must fail, and in the sentence that says
// what the bug breaks.
func TestRunFindsBugs(t *testing.T) {
	if os.Getenv(bugEnv) != "" {
		t.Skip("this is the child")
	}
	for bug, sentence := range map[string]string{
		"breaks ties of candidates by age":        "candidates come by votes, then by key",
		"compares recipes of features":            "candidates refuse another recipe",
		"counts candidates for photos":            "candidates find what shares features",
		"does not tell what is mirrored":          "candidates find what is mirrored when asked to",
		"drops features of brands that are off":   "a brand that is off is not searched by features, and keeps them",
		"awaits what is there already":            "await returns once there is a revision after the given one",
		"awaits photos alone":                     "await returns once there is a revision after the given one",
		"forgets changes on close":                "changes go back to the start, whatever was closed since",
		"ignores the context while it awaits":     "await gives its context's error",
		"lets who awaits sleep after close":       "await ends when the index is closed",
		"looks at too much":                       "changes come in pages",
		"takes any revision for changes":          "changes refuse queries that break the rules",
		"tells each photo's last change alone":    "changes are told in their order, each by itself",
		"tells metadata for pictures":             "changes are told in their order, each by itself",
		"tells no deletions":                      "changes are told in their order, each by itself",
		"tells settings for nothing":              "settings move until and are no changes of photos",
		"forgets settings on close":               "settings of a brand outlive its photos",
		"has features of every photo":             "features come back as they were given",
		"ignores filters of candidates":           "candidates keep to their filter",
		"ignores the context for candidates":      "candidates give their context's error",
		"loses features with an update":           "update keeps features",
		"mirrors unasked":                         "candidates find what is mirrored when asked to",
		"mixes recipes of features":               "put refuses features of another recipe",
		"orders candidates by key":                "candidates come by votes, then by key",
		"passes features over":                    "put with features replaces a photo that has none",
		"returns all candidates":                  "candidates come by votes, then by key",
		"returns candidates without features":     "candidates find what shares features",
		"returns features everywhere":             "photos come without their features",
		"tells the present features for the past": "features are told as they stood",
		"searches brands that are off":            "a brand that is off is not searched by features, and keeps them",
		"settles any brand":                       "settings are refused for what can't be a brand",
		"settles brands with photos alone":        "settings of a brand outlive its photos",
		"settles what is settled":                 "what is settled already changes nothing",
		"takes any query for candidates":          "candidates refuse queries that break the rules",
		"takes unknown names for no candidates":   "candidates keep to their filter",
		"breaks ties by age":                      "search breaks ties by the other distance, then by key",
		"compares recipes":                        "search refuses another recipe",
		"counts no products":                      "brands counts photos and products by name",
		"counts what it returns":                  "search keeps the nearest and counts all",
		"cuts before it sorts":                    "search keeps the nearest and counts all",
		"demands both radii":                      "search counts a photo within either radius, with both distances",
		"forgets on close":                        "what was acknowledged is there after opening",
		"forgets when photos were added":          "put of another original replaces, metadata included",
		"goes on after close":                     "after close every call returns ErrClosed",
		"hands revisions out twice":               "put adds a photo and says so",
		"ignores products in lists":               "list keeps to its filter",
		"ignores the context":                     "search gives its context's error",
		"keeps metadata when replacing":           "put of another original replaces, metadata included",
		"lists short pages":                       "list pages through all photos in order of their keys",
		"logs no deletions":                       "at returns a photo as it stood",
		"looks at the first probe only":           "search finds photos by either region and any probe",
		"misses one in fifty":                     "search finds what a naive search finds",
		"mixes recipes":                           "put refuses another recipe",
		"searches the whole only":                 "search finds photos by either region and any probe",
		"shares memory":                           "nothing returned or given shares memory with the index",
		"stamps local time":                       "put adds a photo and says so",
		"states an old revision":                  "put shows at once in every answer",
		"takes a key twice":                       "put refuses two photos of one key",
		"takes any query":                         "search refuses queries that break the rules",
		"takes unknown names for empty lists":     "list refuses a filter of what no photo has",
		"takes unknown names for nothing found":   "search refuses a filter of what no photo has",
		"tells the present for the past":          "at returns a photo as it stood",
		"updates whatever is expected":            "of many who expect one revision one succeeds",
		"updates when photos were added":          "update replaces metadata and nothing else",
		"writes what is there":                    "put of the same original writes nothing, metadata included",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(sentence, " ", "_")
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunPassesSoundEngine$/^"+name+"$")
			child.Env = append(os.Environ(), bugEnv+"="+bug)
			out, err := child.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestRunPassesSoundEngine/"+name+" ") {
				t.Errorf("the suite does not see it in %q: %v\n%s", sentence, err, out)
			}
		})
	}
}
