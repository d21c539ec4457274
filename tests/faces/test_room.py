"""The bound on what all workers hold together: nobody passes it, everybody gets a turn."""

import threading
from collections.abc import Callable

import numpy as np

from personaforge.faces.measure import measure_image
from personaforge.faces.picture import read_picture
from personaforge.faces.room import PIXELS, Room, Share


def test_workers_together_stay_within_the_bound() -> None:
    room, held, highest, lock = Room(100), 0, 0, threading.Lock()

    def work(first: int, then: int) -> None:
        nonlocal held, highest
        for _ in range(20):
            with room.share() as share:
                share.hold(first)
                with lock:
                    held += first
                    highest = max(highest, held)
                    held -= first - then
                share.hold(then)
                with lock:
                    held -= then

    threads = [threading.Thread(target=work, args=sizes) for sizes in ((70, 30), (40, 20), (40, 20), (5, 5), (100, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads), "nobody waits for ever"
    assert highest == 100


def test_who_asks_for_more_than_there_is_gets_it_alone() -> None:
    room, order = Room(10), list[str]()
    began, more = threading.Event(), threading.Event()

    def large() -> None:
        with room.share() as share:
            began.set()
            share.hold(25)
            order.append("large")

    with room.share() as share:
        share.hold(4)
        share.hold(8)  # a larger share is a new one: it waits for nothing of its own
        thread = threading.Thread(target=large)
        thread.start()
        began.wait(5)
        assert not more.wait(0.05) and order == []
        order.append("small")
    thread.join(5)
    assert order == ["small", "large"]


class Noting(Share):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__(Room(1))
        self.asked: list[int] = []

    def hold(self, count: int) -> None:
        self.asked.append(count)


def test_a_picture_holds_less_once_it_is_decoded(encode: Callable[..., bytes]) -> None:
    pixels = np.zeros((10, 20, 3), dtype=np.uint8)
    for kind, most in (("PNG", 7), ("JPEG", 7), ("WEBP", 11)):
        share = Noting()
        read_picture(encode(pixels, kind), share=share)
        assert share.asked == [most * 200, 3 * 200]


def test_measuring_holds_its_pixels_until_the_faces_are_read(encode: Callable[..., bytes]) -> None:
    held = []

    class Analyzer:
        def read(self, pixels: np.ndarray) -> tuple[()]:
            held.append(PIXELS._held)
            return ()

    measure_image(encode(np.zeros((10, 20, 3), dtype=np.uint8)), Analyzer())  # type: ignore[arg-type]
    assert held == [3 * 200] and PIXELS._held == 0
    assert measure_image(b"no picture", Analyzer())["status"] == "unreadable" and PIXELS._held == 0  # type: ignore[arg-type]
