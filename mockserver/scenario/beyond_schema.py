"""The rules of the scenario language that only the loader knows; all others stand in its JSON Schema, too.

The reference lists them; a test compares schema and loader and allows no other difference.
"""

import re
from typing import NamedTuple


class BeyondSchema(NamedTuple):
    """A rule that only the loader knows: a sentence for people, and a pattern of its error messages."""

    rule: str
    errors: re.Pattern[str]

    def explains(self, message: str) -> bool:
        """Return whether an error with this message comes from the rule."""
        return self.errors.search(message) is not None


def _rule(rule: str, errors: str) -> BeyondSchema:
    return BeyondSchema(rule, re.compile(errors))


BEYOND_SCHEMA = (
    _rule(
        "The file is UTF-8 of at most 1 MiB and holds one YAML document, which nests at most 32 levels deep and has at"
        " most 50,000 values, 1,000 items in a list and 500 keys in an object.",
        r"^(the file is (empty|larger)|not (UTF-8|Unicode|YAML)|a second document|nested deeper|a character that YAML"
        r"|a file has at most|.* has more than [0-9]+ (items|keys)$)",
    ),
    _rule(
        "Keys are texts, each only once in its object; there are no anchors, aliases, tags or missing values, and no"
        " number is larger than a floating point number can be or longer than 40 characters.",
        r"^(keys? |no (anchors|aliases|tags)|a (value|key) is missing|the number is too large|numbers have at most)",
    ),
    _rule(
        "A whole number is written without a decimal point: `1`, not `1.0`.",
        r"must be (a whole number|true or a whole number)|^a weight is a whole number",
    ),
    _rule(
        "Every state that is named exists: `start` and `to` name states of their own machine; `start` and `outcomes` of"
        " a rule name states of the file's machines, where it has any. With `stay: true`, `to` names the state that the"
        " transition belongs to.",
        r"^(unknown state|with stay, to is)",
    ),
    _rule("An event that a rule names occurs in one of the file's machines, where it has any.", r"^unknown event"),
    _rule(
        "These must be unique: the `kind` of a machine, the `name` of a rule, the `name` of a fault, the `id` and the"
        " `credentials` of an account, and the event `on` among the transitions of a state.",
        r"^(a second (machine|rule|fault|account|transition) |another account has the same credentials)",
    ),
    _rule(
        "From each state that is not `final`, a final one can be reached.",
        r"^(state .* is neither|no way leads from)",
    ),
    _rule(
        "Timers do not lead from a state back to it without time passing, which would be an endless loop.",
        r"^an endless loop",
    ),
    _rule("A `uniform` delay names the shorter duration first: `[1s, 3s]`.", r"^uniform goes from the shorter"),
    _rule("A duration that is a text, such as `90s`, lasts a hundred years at most.", r"^duration too long: '"),
    _rule(
        "`fact`, a field of the order, cannot be used in `takes`, where the order does not exist yet, nor in the delays"
        " of faults.",
        r"cannot be a fact",
    ),
    _rule(
        "The `delay` of a fault holds an answer back for an hour of real time at most.",
        r"^an answer is held back for an hour",
    ),
    _rule("`until` is a moment with a time zone, or a duration.", r"^(not a moment|moment without a time zone)"),
    _rule(
        "The `path` of a fault has `*` beside other characters in at most four of its segments.",
        r"segments of a path have a \* beside",
    ),
    _rule(
        "The `answer` of a fault does not set the headers Content-Length, Transfer-Encoding, Connection or"
        " X-Mock-Request-Id.",
        r"^not a header that a fault may set",
    ),
    _rule(
        "The names under settings are those of settings of the server and its providers, and so are the NAME of a"
        " {setting: NAME} in delays and weights and the {NAME} in the effect of a magic value.",
        r"^unknown setting: ",
    ),
    _rule(
        "A value under settings, and what a weight says with is, is one that the setting can have.",
        r"^setting [^ ]+: ",
    ),
    _rule(
        "The credentials of an account are the parts that credentials of its provider have.",
        r"^the parts of a credential are ",
    ),
    _rule(
        "The amounts of an account have at most as many decimals as its provider's money.",
        r" has more than [0-9]+ decimals$",
    ),
    _rule(
        "A detail of an account that its provider knows has one of the values that the provider lists.",
        r"^of the details, ",
    ),
)  # fmt: skip
