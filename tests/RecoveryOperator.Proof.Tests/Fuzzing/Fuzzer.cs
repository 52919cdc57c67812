namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>What a parser is held to.</summary>
/// <param name="Name">Name of the parser, for the report.</param>
/// <param name="Make">Makes one input; everything random comes from the argument.</param>
/// <param name="Parse">Reads an input. Throws only what <paramref name="IsDeclared"/> accepts; breaks its own assertions with others.</param>
/// <param name="IsDeclared">Whether an error is one that the parser declares, with a message that names the object.</param>
internal sealed record FuzzTarget(string Name, Func<Random, byte[]> Make, Action<byte[]> Parse, Func<Exception, bool> IsDeclared)
{
    /// <summary>Bytes that any input may make the parser allocate.</summary>
    public long AllowedBytes { get; init; } = 512 * 1024;

    /// <summary>Bytes that it may allocate for each byte of the input.</summary>
    public long AllowedBytesPerByte { get; init; } = 64;
}

/// <summary>Runs a parser on thousands of damaged inputs: no error but the declared ones, no unbounded allocation, no hang.</summary>
internal sealed class Fuzzer(FuzzTarget target, IEnumerable<byte[]> valid, ITestOutputHelper output)
{
    private const int ShownBytes = 2048;
    private static readonly TimeSpan LongestCase = TimeSpan.FromSeconds(20);

    private long _caseStarted = TimeProvider.System.GetTimestamp();
    private int _case;
    private int _refused;

    /// <summary>Runs all cases; the first that fails is reported with what repeats it.</summary>
    public async Task RunAsync(int ciCases, double soakShare)
    {
        foreach (byte[] input in valid)
            target.Parse(input);

        Task cases = Task.Factory.StartNew(
            () => RunCases(Budget.Of(ciCases, soakShare)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (await Task.WhenAny(cases, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)) != cases)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.True(TimeProvider.System.GetElapsedTime(Volatile.Read(ref _caseStarted)) < LongestCase, $"hangs in {Describe([])}");
        }

        await cases;
        output.WriteLine($"{target.Name}: {_case} cases from seed {Budget.Seed}, {_refused} refused");
    }

    private void RunCases(Func<int, bool> goesOn)
    {
        for (; goesOn(_case); _case++)
        {
            Volatile.Write(ref _caseStarted, TimeProvider.System.GetTimestamp());
            byte[] input = target.Make(new Random(unchecked((Budget.Seed * 31) + _case)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                target.Parse(input);
            }
            catch (Exception error) when (target.IsDeclared(error))
            {
                _refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{Describe(input)}: {error.GetType().Name}: {error.Message}", error);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            long allowed = target.AllowedBytes + (target.AllowedBytesPerByte * input.Length);
            Assert.True(allocated <= allowed, $"{Describe(input)}: {allocated} bytes were allocated, {allowed} are allowed");
        }
    }

    private string Describe(byte[] input) =>
        $"{target.Name}, PROOF_SEED={Budget.Seed}, case {_case}, {input.Length} bytes: {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, ShownBytes)))}";
}
