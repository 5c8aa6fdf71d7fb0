"""Rules of a configuration: what they become, and what is said of mistakes in them, with its place."""

from __future__ import annotations

import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load
from openai_mock.rules.rule import Rule, Scenario
from openai_mock.turns.turn import Turn


def rules(text: str) -> list[Rule]:
    return [each for each in load(text, name="rules.yaml", env={}).scripts if isinstance(each, Rule)]


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(text, name="rules.yaml", env={})
    return [str(problem).removeprefix("rules.yaml:") for problem in caught.value.problems]


def test_the_least_rule_answers_wherever_a_model_speaks() -> None:
    (rule,) = rules("- {id: a, then: Hello}")
    assert rule.answers[0].turn == Turn("Hello")
    assert rule.when.rank == (0, 1, 0)
    assert rule.when.applies("responses.create")
    assert not rule.when.applies("files.create")
    assert not rule.counts


def test_everything_a_rule_may_have() -> None:
    (rule,) = rules(
        """
- id: a
  when: {model: m, last_user: {contains: x, regex: y}, json: {seed: 1}}
  then: [one, {content: two}, {error: 500}]
  times: 3
  priority: 2
  scenario: s
  in: started
  to: done
  pace: gpt-4o
  delay: 10ms
  faults: [{kind: stall, after_events: 1}]
"""
    )
    assert rule.scenario == Scenario("s", "started", "done")
    assert (rule.times, rule.when.priority, len(rule.answers), rule.where) == (3, 2, 3, "rules.yaml:2")
    assert rule.when.rank == (2, 8, 4)
    assert [rule.nth(number).turn and rule.nth(number).turn.text for number in (1, 2, 3, 4)] == [
        "one",
        "two",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "- {id: a, whn: {model: m}, then: x}",
            ["1:11: responses[0].whn: unknown key 'whn'; did you mean 'when'?"],
        ),
        (
            "- {id: a, when: {model: m}}",
            [
                (
                    "1:3: responses[0]: an entry is a conversation flow ('id' and 'messages'), a full response ('id', "
                    "'matcher' and 'response') or a rule ('id' and 'then'), but this one has none of "
                    "'messages', 'matcher' "
                    "and 'then'; add one"
                )
            ],
        ),
        (
            "- {id: a, when: {last_usr: x}, then: x}",
            ["1:18: responses[0].when.last_usr: unknown key 'last_usr'; did you mean 'last_user'?"],
        ),
        (
            "- {id: a, when: {last_user: {}}, then: x}",
            ["1:29: responses[0].when.last_user: this compares nothing; add 'exact', 'contains', 'regex' or 'fuzzy'"],
        ),
        (
            "- {id: a, when: {last_user: {contians: x}}, then: x}",
            ["1:30: responses[0].when.last_user.contians: unknown key 'contians'; did you mean 'contains'?"],
        ),
        (
            "- {id: a, when: {system: {exact: x, threshold: 0.5}}, then: x}",
            ["1:48: responses[0].when.system.threshold: a threshold is for 'fuzzy'; remove it"],
        ),
        (
            '- {id: a, when: {last_user: {regex: "("}}, then: x}',
            [
                (
                    "1:37: responses[0].when.last_user.regex: '(' is not a valid regular expression: missing ) "
                    "at position 1; "
                    "put '\\' before a character that stands for itself"
                )
            ],
        ),
        (
            '- {id: a, when: {json: {"a b": 1}}, then: x}',
            [
                (
                    "1:32: responses[0].when.json.a b: 'a b' is no path from ' b' on; write keys and "
                    "positions, such as "
                    "$.messages[-1].content, tools[*].type or metadata['a.b']"
                )
            ],
        ),
        (
            "- {id: a, when: {json: {seed: {exists: false, equals: 1}}}, then: x}",
            [
                (
                    "1:40: responses[0].when.json.seed.exists: what was left out cannot be compared; remove "
                    "'exists' or "
                    "the others"
                )
            ],
        ),
        (
            "- {id: a, when: {headers: {x-a: {}}}, then: x}",
            [
                (
                    "1:33: responses[0].when.headers.x-a: this compares nothing; add 'equals', 'contains', 'regex' or "
                    "'exists'"
                )
            ],
        ),
        ("- {id: a, then: []}", ["1:17: responses[0].then: the list is empty; write at least 1 item"]),
        (
            "- {id: a, then: {error: 200}}",
            ["1:25: responses[0].then.error: expected an integer from 400 to 599, but got the integer 200"],
        ),
        (
            "- {id: a, then: {error: 500, content: x}}",
            ["1:39: responses[0].then.content: an error comes instead of an answer; remove 'content' or 'error'"],
        ),
        (
            "- {id: a, then: {error: {status: 429, retry_after: soon}}}",
            None,
        ),
        (
            "- {id: a, then: {content: x, text: y}}",
            ["1:36: responses[0].then.text: 'text' and 'content' are the same; remove one"],
        ),
        (
            "- {id: a, then: {tool_calls: [{arguments: {}}]}}",
            ["1:31: responses[0].then.tool_calls[0]: the call names no tool; add 'name'"],
        ),
        (
            "- {id: a, then: {tool_calls: [f], annotations: []}}",
            ["1:48: responses[0].then.annotations: 'annotations' belong to a text; add 'content'"],
        ),
        (
            "- {id: a, in: x, then: x}",
            ["1:15: responses[0].in: 'in' names a state of a scenario; add 'scenario' with its name"],
        ),
        (
            "- {id: a, scenario: s, then: x}",
            ["1:21: responses[0].scenario: the scenario is neither asked nor changed; add 'in', 'to' or both"],
        ),
        (
            "- {id: a, then: '{{ last_usr }}'}",
            ["1:17: responses[0].then: there is nothing named 'last_usr'; did you mean 'last_user'?"],
        ),
        (
            "- id: a\n  then:\n    - tool_calls:\n        - name: f\n          arguments: {x: ['{{ nth | uper }}']}",
            [
                (
                    "5:27: responses[0].then[0].tool_calls[0].arguments.x[0]: there is no filter 'uper'; did you mean "
                    "'upper'?"
                )
            ],
        ),
        (
            "- id: a\n  then: |\n    one\n    {% if %}",
            [
                (
                    "2:9: responses[0].then: the template cannot be read: Expected an expression, got 'end of "
                    "statement "
                    "block' (line 2 of the template)"
                )
            ],
        ),
    ],
)
def test_mistakes(text: str, said: list[str] | None) -> None:
    found = mistakes(text)
    if said is None:
        assert len(found) == 1
        assert "responses[0].then.error.retry_after" in found[0]
    else:
        assert found == said


def test_a_template_may_be_text() -> None:
    (rule,) = rules("- {id: a, then: {content: '{{ not one', template: false}}")
    assert rule.answers[0].turn == Turn("{{ not one")
