using System.Globalization;

namespace RecoveryOperator.Api.Common;

/// <summary>Amounts of bytes as Kubernetes writes quantities: <c>500k</c>, <c>10M</c>, <c>1.5Gi</c>.</summary>
public static class ByteQuantity
{
    private static readonly (string Suffix, decimal Factor)[] Units =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m),
    ];

    /// <summary>Reads an amount of 0 to 2^53 bytes; parts of a byte are rounded up.</summary>
    /// <param name="text">For example <c>10Mi</c>.</param>
    /// <param name="lengthBytes">The amount.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string? text, out long lengthBytes)
    {
        lengthBytes = 0;
        if (string.IsNullOrEmpty(text) || text.Length > 32)
            return false;
        var (suffix, factor) = Array.Find(Units, unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        if (!decimal.TryParse(text.AsSpan(0, text.Length - (suffix?.Length ?? 0)), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > 1L << 53
            || number * (suffix is null ? 1 : factor) > 1L << 53)
            return false;
        lengthBytes = (long)Math.Ceiling(number * (suffix is null ? 1 : factor));
        return true;
    }
}
