using System.Xml.Linq;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>The definitions of backup jobs and checkpoints. A disk that is not named as included is told to be left out.</summary>
internal static class BackupXml
{
    /// <summary>A pull-mode job over some disks, all at one instant.</summary>
    /// <param name="all">All disks of the machine.</param>
    /// <param name="included">Those to be read.</param>
    /// <param name="socket">Where QEMU shall serve them.</param>
    /// <param name="scratch">Scratch file of a disk.</param>
    /// <param name="since">Name of the checkpoint from which on changes are wanted.</param>
    /// <param name="whole">Targets of disks that are wanted whole all the same.</param>
    public static string Job(
        IEnumerable<DomainDisk> all,
        IReadOnlyCollection<DomainDisk> included,
        string socket,
        Func<DomainDisk, string> scratch,
        string? since,
        IReadOnlyCollection<string> whole)
    {
        var job = new XElement(
            "domainbackup",
            new XAttribute("mode", "pull"),
            since is null ? null : new XElement("incremental", since),
            new XElement("server", new XAttribute("transport", "unix"), new XAttribute("socket", socket)),
            new XElement("disks", all.Select(disk => included.Contains(disk)
                ? new XElement(
                    "disk",
                    new XAttribute("name", disk.Target),
                    new XAttribute("backup", "yes"),
                    new XAttribute("type", "file"),
                    new XAttribute("exportname", disk.Target),
                    since is null ? null
                    : whole.Contains(disk.Target) ? new XAttribute("backupmode", "full")
                    : new XAttribute("exportbitmap", Bitmap(disk.Target)),
                    new XElement("scratch", new XAttribute("file", scratch(disk))))
                : new XElement("disk", new XAttribute("name", disk.Target), new XAttribute("backup", "no")))));
        return job.ToString();
    }

    public static string Checkpoint(string name, IEnumerable<DomainDisk> all, IReadOnlyCollection<DomainDisk> included) => new XElement(
        "domaincheckpoint",
        new XElement("name", name),
        new XElement("disks", all.Select(disk => new XElement(
            "disk",
            new XAttribute("name", disk.Target),
            new XAttribute("checkpoint", included.Contains(disk) ? "bitmap" : "no"))))).ToString();

    /// <summary>Name under which a disk's changes are served.</summary>
    public static string Bitmap(string target) => $"backup-{target}";

    /// <summary>Socket of a running job.</summary>
    public static string? Socket(XElement job) => (string?)job.Element("server")?.Attribute("socket");

    /// <summary>Scratch files of a running job.</summary>
    public static IEnumerable<string> ScratchFiles(XElement job) =>
        job.Descendants("scratch").Select(scratch => (string?)scratch.Attribute("file")).OfType<string>();
}
