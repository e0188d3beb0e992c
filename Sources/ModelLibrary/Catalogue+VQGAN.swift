/// The VQGANs of taming-transformers and of those who trained it further. All f=16 models are of one architecture, so
/// that their sizes after the import follow from the number of codes.
extension Catalogue {
    private static let coder: Int64 = 288_566_796 - 1024 * 1024

    /// float32 weights of encoder, decoder and codebook: 1 KiB a code.
    private static func imported(codes: Int64) -> Int64 { coder + codes * 1024 }

    private static func model(
        _ name: String,
        _ paints: String,
        codes: Int64,
        transformer: Bool = false,
        aliases: [String] = [],
        about: Int64? = nil,
        _ sources: [Source]
    ) -> KnownModel {
        KnownModel(
            name: name,
            kind: .vqgan,
            paints: paints,
            architecture: "f=16, \(codes) codes" + (transformer ? ", in a Net2Net" : ""),
            importedBytes: imported(codes: codes),
            files: [RemoteFile("\(name).ckpt", sources)],
            aliases: aliases,
            approximateBytes: about
        )
    }

    /// A folder at Heidelberg University, where the authors put their models.
    private static func heibox(_ folder: String, _ file: String = "ckpts") -> String {
        "https://heibox.uni-heidelberg.de/d/\(folder)/files/?p=%2F\(file)%2Flast.ckpt&dl=1"
    }

    private static func koofr(_ link: String, _ folder: String) -> String {
        "https://app.koofr.net/content/links/\(link)/files/get/last.ckpt?path=%2F\(folder)%2Fcheckpoints%2Flast.ckpt&force"
    }

    static let mirror = "https://huggingface.co/pxlpshr/pytti-models/resolve/main"

    static let vqgans: [KnownModel] = [
        model(
            "sflckr",
            "landscapes and places, as in photographs",
            codes: 1024,
            transformer: true,
            aliases: ["sflickr", "s-flckr", "s-flickr"],
            [
                Source(heibox("73487ab6e5314cb5adba", "checkpoints"), bytes: 4_263_525_412, sha256: sflckrSum),
                Source("\(mirror)/vqgan/sflckr.ckpt", bytes: 4_263_525_412, sha256: sflckrSum),
            ]
        ),
        model(
            "wikiart-16384",
            "paintings of all schools",
            codes: 16384,
            aliases: ["wikiart", "vqgan-wikiart-16384"],
            [
                Source("\(pixray)/vqgan_wikiart_16384.ckpt", bytes: 1_005_327_541, sha256: wikiartSum),
                Source("\(mirror)/vqgan/wikiart.ckpt", bytes: 1_005_327_541, sha256: wikiartSum),
                Source("\(eleiber)/wikiart_16384.ckpt"),
            ]
        ),
        model(
            "wikiart-1024",
            "paintings, coarser than wikiart-16384",
            codes: 1024,
            aliases: ["vqgan-wikiart-1024"],
            about: 958_000_000,
            [Source("\(pixray)/vqgan_wikiart_1024.ckpt"), Source("\(eleiber)/wikiart_1024.ckpt")]
        ),
        model(
            "imagenet-16384",
            "objects and animals, sharp; the classic choice",
            codes: 16384,
            aliases: ["imagenet", "vqgan-imagenet-f16-16384"],
            [
                Source(
                    "https://heibox.uni-heidelberg.de/f/867b05fc8c4841768640/?dl=1",
                    bytes: 980_092_370,
                    sha256: imagenetSum
                ),
                Source("\(mirror)/vqgan/imagenet.ckpt", bytes: 980_092_370, sha256: imagenetSum),
                Source(heibox("a7530b09fed84f80a887")),
            ]
        ),
        model(
            "imagenet-1024",
            "objects and animals, softer",
            codes: 1024,
            aliases: ["vqgan-imagenet-f16-1024"],
            about: 958_000_000,
            [Source(heibox("8088892a516d4e3baf92"))]
        ),
        KnownModel(
            name: "gumbel-openimages",
            kind: .vqgan,
            paints: "everyday photographs, fine grain; slower, as it has four times the codes",
            architecture: "f=8, 8192 codes, Gumbel",
            importedBytes: 276_000_000,
            files: [
                RemoteFile(
                    "gumbel-openimages.ckpt",
                    [
                        Source(heibox("2e5662443a6b4307b470"), bytes: 376_581_823, sha256: openImagesSum),
                        Source("\(mirror)/vqgan/openimages.ckpt", bytes: 376_581_823, sha256: openImagesSum),
                    ]
                )
            ],
            aliases: ["openimages", "gumbel", "gumbel-8192", "openimages-8192", "vqgan-openimages-f8-8192"],
            approximateBytes: nil
        ),
        model(
            "coco",
            "everyday scenes with people and things",
            codes: 8192,
            aliases: ["coco-first-stage", "coco-1stage"],
            [
                Source("\(mirror)/vqgan/coco_first_stage.ckpt", bytes: 296_030_214, sha256: cocoSum),
                Source("https://batbot.ai/models/VQGAN/coco_first_stage.ckpt", bytes: 296_030_214, sha256: cocoSum),
                Source("https://heibox.uni-heidelberg.de/f/78dea9589974474c97c1/?dl=1"),
            ]
        ),
        model(
            "coco-openimages",
            "everyday scenes, more varied than coco",
            codes: 8192,
            [Source("https://heibox.uni-heidelberg.de/f/461d9a9f4fcf48ab84f4/?dl=1")]
        ),
        model(
            "ade20k",
            "rooms, streets and buildings",
            codes: 1024,
            transformer: true,
            about: 3_880_000_000,
            [Source(koofr("0f65c2cd-7102-4550-a2bd-07fd383aac9e", "2020-11-20T21-45-44_ade20k_transformer"))]
        ),
        model(
            "faceshq",
            "faces",
            codes: 1024,
            transformer: true,
            about: 3_980_000_000,
            [Source(koofr("a04deec9-0c59-4673-8b37-3d696fe63a5d", "2020-11-13T21-41-45_faceshq_transformer"))]
        ),
        model(
            "ffhq",
            "portraits",
            codes: 1024,
            transformer: true,
            about: 3_670_000_000,
            [Source(koofr("0fc005bf-3dca-4079-9d40-cdf38d42cd7a", "2021-04-23T18-19-01_ffhq_transformer"))]
        ),
        model(
            "celebahq",
            "portraits of celebrities",
            codes: 1024,
            transformer: true,
            about: 3_570_000_000,
            [Source(koofr("6dddf083-40c8-470a-9360-a9dab2a94e96", "2021-04-23T18-11-19_celebahq_transformer"))]
        ),
        model(
            "drin",
            "objects and animals, trained with depth",
            codes: 1024,
            transformer: true,
            [Source(koofr("028f1ba8-404d-42c4-a866-9a8a4eebb40c", "2020-11-20T12-54-32_drin_transformer"))]
        ),
    ]

    private static let pixray = "https://github.com/pixray/pixray/releases/download/v1.7.1"
    private static let eleiber = "https://github.com/Eleiber/VQGAN-Mirrors/releases/download/0.0.1"
    private static let sflckrSum = "8a8adea3da8dab412675772831370dd948e0aa97bb11a9488a2f328b58dbc929"
    private static let wikiartSum = "bd08bb46301f98be1712bb2be9f8868cea30b53137cd985d4d6e8da8b3e02c36"
    private static let imagenetSum = "845a68805098cb666420d5db93df53f3a3b6dd443e6dd85c05759c5b998cd663"
    private static let openImagesSum = "5cd6c74810ab97e00e942c25403f73afc081e8b19987b31ec0d9ff5b68e7ab14"
    private static let cocoSum = "106cc20fde571df14afc4349d62218d8213cf47177c682ecaa78a8c28b12f9de"
}
