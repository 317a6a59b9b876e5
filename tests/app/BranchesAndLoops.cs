// maps: no
// if, while, for, do, switch, goto, break and continue, without any library call.
internal static class Program
{
    private static int Collatz(int n)
    {
        int steps = 0;
        while (n != 1) { n = (n & 1) == 0 ? n / 2 : 3 * n + 1; steps++; }
        return steps;
    }

    private static int Primes(int limit)
    {
        int count = 0;
        for (int i = 2; i < limit; i++)
        {
            bool prime = true;
            for (int j = 2; j * j <= i; j++)
                if (i % j == 0) { prime = false; break; }
            if (!prime) continue;
            count++;
        }
        return count;
    }

    private static int Dense(int x)
    {
        switch (x)
        {
            case 0: return 10;
            case 1: return 11;
            case 2: goto case 0;
            case 3: case 4: return 34;
            case 5: goto default;
            default: return -1;
            case 7: return 17;
        }
    }

    private static int Sparse(long x) => x switch
    {
        -5 => 1, 0 => 2, 1000 => 3, 1000000007 => 4, 5000000000 => 5, long.MinValue => 6, _ => 0,
    };

    private static int Compare(uint a, uint b, int c, int d)
    {
        int r = 0;
        if (a < b) r |= 1;
        if (a <= b) r |= 2;
        if (a > b) r |= 4;
        if (a >= b) r |= 8;
        if (c < d) r |= 16;
        if (c <= d) r |= 32;
        if (c > d) r |= 64;
        if (c >= d) r |= 128;
        if (c == d) r |= 256;
        if (c != d) r |= 512;
        return r;
    }

    private static int Labels(int n)
    {
        int i = 0, j, sum = 0;
    outer:
        if (i >= n) goto done;
        j = 0;
    inner:
        if (j > i) { i++; goto outer; }
        if ((i + j) % 3 == 0) { j++; goto inner; }
        sum += i * j;
        j++;
        goto inner;
    done:
        return sum;
    }

    private static int Main()
    {
        if (Collatz(27) != 111) return 1;
        if (Primes(1000) != 168) return 2;
        if (Dense(0) != 10 || Dense(1) != 11 || Dense(2) != 10 || Dense(4) != 34 || Dense(5) != -1 || Dense(6) != -1 ||
            Dense(7) != 17 || Dense(8) != -1 || Dense(-1) != -1) return 3;
        if (Sparse(-5) != 1 || Sparse(0) != 2 || Sparse(1000) != 3 || Sparse(1000000007) != 4 || Sparse(5000000000) != 5 ||
            Sparse(long.MinValue) != 6 || Sparse(1) != 0) return 4;
        if (Compare(1, uint.MaxValue, 1, -1) != (1 | 2 | 64 | 128 | 512)) return 5;
        if (Compare(5, 5, 5, 5) != (2 | 8 | 32 | 128 | 256)) return 6;
        if (Labels(10) != 750) return 7;
        int k = 0;
        do k += 3; while (k < 20);
        if (k != 21) return 9;
        int acc = 0;
        for (int i = 0, j = 10; i < j; i++, j--) acc = acc * 3 + (i < 3 && j > 7 || i == 4 ? 1 : 0);
        if (acc != 118) return 10;
        return 0;
    }
}
