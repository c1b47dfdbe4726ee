"""python test_compare.py: the comparison on results whose answer is known."""
import numpy as np

from compare import bootstrap, compared, row, score, right, with_count


def result(rights: list[list[float]], columns: int = 1) -> dict:
    return {"right": rights, "columns": columns, "rate": 1e-3, "rows": {"train": 10, "test": len(rights[0]) // columns}}


def scores(of: dict) -> np.ndarray:
    return score(with_count(right(of)).sum(1))


def main() -> None:
    coin = np.random.default_rng(3)
    good = result([coin.integers(2, size=400).tolist() for _ in range(3)])
    half = result([[value / 2 for value in seed] for seed in good["right"]])

    # A method beside itself keeps all, in every draw: draws are the same for both.
    assert compared(good, good) == ["**100.0 %** [100.0, 100.0]", "+0.0000 [+0.0000, +0.0000]"], compared(good, good)
    # Half the score on every row is half in every draw too.
    assert compared(half, good)[0] == "**50.0 %** [50.0, 50.0]", compared(half, good)
    # Span F1 over all rows together: 2 x 3 right of 5 said and 4 there.
    assert np.allclose(scores(result([[2, 3, 2, 1, 2, 2]], 3)), 2 * 3 / 9)
    # A method that never found a span scores nothing and divides by nothing.
    assert scores(result([[0, 0, 0]], 3)) == 0
    # The spread of a mean of n coins over three seeds that share their rows lies near what theory says.
    drawn, _ = bootstrap(with_count(right(good)), with_count(right(half)))
    assert 0.7 < drawn.std() / np.sqrt(0.25 / 400 / 3) < 1.8, drawn.std()
    # What was cut off is said and compared with nothing.
    assert row("search", None, good).startswith("| search (10 / 400) | cut off | ") and row("search", None, good).endswith("| unknown | unknown |")
    print("compare.py: all right")


if __name__ == "__main__":
    main()
