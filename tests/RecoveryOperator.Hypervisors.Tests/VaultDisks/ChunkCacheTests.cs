using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Tests.VaultDisks;

public sealed class ChunkCacheTests
{
    private readonly ChunkCache _cache = new(limitBytes: 3 * 100);
    private readonly List<long> _fetched = [];

    [Fact]
    public async Task What_was_read_of_late_is_kept_and_what_was_not_is_fetched_again()
    {
        foreach (var chunk in new[] { 1, 2, 3, 1, 4, 1, 2 }) await GetAsync(chunk);

        Assert.Equal([1, 2, 3, 4, 2], _fetched);
    }

    [Fact]
    public async Task Several_who_ask_at_once_wait_for_one_fetch()
    {
        var content = new TaskCompletionSource<byte[]>();

        var readers = Enumerable.Range(0, 5).Select(_ => _cache.GetAsync("disk", 1, () => Fetch(1, content.Task))).ToList();
        content.SetResult(new byte[100]);

        Assert.All(await Task.WhenAll(readers), bytes => Assert.Same(content.Task.Result, bytes));
        Assert.Equal([1], _fetched);
    }

    [Fact]
    public async Task A_fetch_that_failed_fails_all_who_waited_and_is_tried_again_by_the_next()
    {
        var content = new TaskCompletionSource<byte[]>();
        var readers = Enumerable.Range(0, 2).Select(_ => _cache.GetAsync("disk", 1, () => Fetch(1, content.Task))).ToList();
        content.SetException(new IOException("away"));

        foreach (var reader in readers) await Assert.ThrowsAsync<IOException>(() => reader);
        Assert.Equal(100, (await GetAsync(1)).Length);
        Assert.Equal([1, 1], _fetched);
    }

    [Fact]
    public async Task Chunks_of_two_disks_do_not_mix()
    {
        var one = await _cache.GetAsync("one", 1, () => Task.FromResult(new byte[] { 1 }));
        var two = await _cache.GetAsync("two", 1, () => Task.FromResult(new byte[] { 2 }));

        Assert.Equal((1, 2), (one[0], two[0]));
    }

    private Task<byte[]> GetAsync(long chunk) => _cache.GetAsync("disk", chunk, () => Fetch(chunk, Task.FromResult(new byte[100])));

    private Task<byte[]> Fetch(long chunk, Task<byte[]> content)
    {
        _fetched.Add(chunk);
        return content;
    }
}
