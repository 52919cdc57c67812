using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>What libvirt's statistics say of a machine's disks, as one text: another text, other disks.</summary>
internal static unsafe class DiskStatistics
{
    private const string Prefix = "block.";

    /// <summary>Null when a size is missing: the machine is busy.</summary>
    public static string? Describe(LibvirtNative.DomainStatsRecord* record)
    {
        var text = new StringBuilder();
        var (names, sizes) = (0, 0);
        for (var i = 0; i < record->Count; i++)
        {
            var parameter = record->Parameters[i];
            var name = parameter.Name;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            switch (name[(name.LastIndexOf('.') + 1)..])
            {
                case "name":
                    names++;
                    text.Append(';').Append(Marshal.PtrToStringUTF8(parameter.Text));
                    break;
                case "path" when parameter.Type == LibvirtConstants.TypedString:
                    text.Append('=').Append(Marshal.PtrToStringUTF8(parameter.Text));
                    break;
                case "capacity":
                    sizes++;
                    text.Append(CultureInfo.InvariantCulture, $":{parameter.Number}");
                    break;
            }
        }

        return names > 0 && sizes < names - EmptyDrives(text) ? null : text.ToString();
    }

    /// <summary>A CD-ROM drive without a medium has a name and nothing else.</summary>
    private static int EmptyDrives(StringBuilder text) => text.ToString().Split(';').Skip(1).Count(disk => !disk.Contains('=', StringComparison.Ordinal));
}
