"""The table of tests/support/train_data.c, made again in Python, bit for bit."""
MASK = (1 << 64) - 1
NAN = float("nan")


class Lcg:
    def __init__(self, state):
        self.state = state

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return float(self.state >> 11) * 2.0**-53

    def noise(self):
        a = self.uniform()
        b = self.uniform()
        return a + b - 1.0


def rows(n=400):
    g = Lcg(1)
    out = []
    for _ in range(n):
        x0 = g.uniform() * 10.0 - 5.0
        x1 = g.uniform() * 1000.0 - 500.0
        x2 = g.uniform() * 10.0 + 1000.0
        x3 = g.uniform() * 4.0
        colour = int(g.uniform() * 3.0)
        flag = 1 if g.uniform() < 0.3 else 0
        hole = g.uniform() < 0.1
        y = 3.0 * x0 - 0.02 * x1 + 0.5 * (x2 - 1005.0) + 2.0 * x3 - 4.0
        y = y + (4.0 if colour == 2 else 0.0) + (1.5 if flag else 0.0) + 3.0 * g.noise()
        b = y + 20.0 * g.noise()
        t = x0 + 4.0 * g.noise()
        out.append({
            "x0": x0, "x1": x1, "x2": x2, "x3": NAN if hole else x3,
            "colour": ["red", "blue", "green"][colour], "flag": flag, "y_number": y,
            "y_binary": "yes" if b > 0.0 else "no",
            "y_three": "a" if t < -1.5 else "b" if t < 1.5 else "c",
        })
    return out
