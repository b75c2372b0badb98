"""After all that was done to the stack: nothing waits, nothing was given up, nothing is double."""
import invariants


def test_everything_has_been_acted_on_and_the_books_are_right(house):
    invariants.drain(house, 90)
    assert invariants.broken(house.db) == {}
