"""Header blocks, read back by an independent decoder."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.doors.http2_fields import FieldWriter

FIELDS = st.lists(st.tuples(st.binary(min_size=1, max_size=200), st.binary(max_size=400)), max_size=20)


@given(FIELDS)
def test_a_decoder_reads_what_was_written(fields):
    assert [tuple(field) for field in hpack.Decoder().decode(FieldWriter().encode(fields), raw=True)] == fields


@pytest.mark.parametrize("length", [0, 126, 127, 128, 254, 255, 16_510, 16_511, 60_000])
def test_lengths(length):
    field = (b"x-a", b"v" * length)
    assert [tuple(one) for one in hpack.Decoder().decode(FieldWriter().encode([field]), raw=True)] == [field]


def test_a_client_that_shrinks_its_memory_sees_so_once():
    writer, decoder = FieldWriter(), hpack.Decoder()
    writer.header_table_size = decoder.max_allowed_table_size = 0
    assert writer.header_table_size == 0
    first, second = writer.encode([(b"a", b"b")]), writer.encode([(b"a", b"b")])
    assert first == b"\x20" + second
    assert [tuple(field) for field in decoder.decode(first + second, raw=True)] == [(b"a", b"b")] * 2
